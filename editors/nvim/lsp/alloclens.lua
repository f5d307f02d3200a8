-- How Neovim starts the server, for vim.lsp.enable('alloclens').
local alloclens = require('alloclens')

return {
  cmd = { 'alloclens', 'lsp' },
  filetypes = {
    'c', 'cpp', 'cs', 'go', 'java', 'javascript', 'javascriptreact', 'kotlin', 'python', 'rust', 'scala', 'typescript',
    'typescriptreact', 'text', -- pages of call stacks are text
  },
  root_dir = alloclens.root_dir,
  capabilities = { experimental = { alloclens = { commands = {}, status = true, capture = false } } },
  handlers = { ['alloclens/status'] = alloclens.on_status, ['workspace/inlayHint/refresh'] = alloclens.on_refresh },
}
