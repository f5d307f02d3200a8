-- The command :Alloclens, and what follows the cursor. Neovim 0.11 or later.
local alloclens = require('alloclens')

vim.api.nvim_create_user_command('Alloclens', function(given)
  local name = table.remove(given.fargs, 1)
  local command = alloclens.commands[name]
  if command then
    command(unpack(given.fargs))
  else
    vim.notify('alloclens: no command ' .. name, vim.log.levels.ERROR)
  end
end, {
  nargs = '+',
  desc = 'alloclens: heap profiles beside the source',
  complete = function(lead)
    return vim.tbl_filter(function(name)
      return vim.startswith(name, lead)
    end, vim.fn.sort(vim.tbl_keys(alloclens.commands)))
  end,
})

vim.lsp.handlers['textDocument/inlayHint'] = alloclens.on_hints

local group = vim.api.nvim_create_augroup('alloclens', {})
vim.api.nvim_create_autocmd('BufEnter', { group = group, callback = alloclens.on_enter })
vim.api.nvim_create_autocmd('LspAttach', { group = group, callback = alloclens.on_enter })
