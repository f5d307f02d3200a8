-- What alloclens can do beyond LSP, by the requests of docs/protocol.md.
local M = {}

local STEPS = 5
local PREFIX = 'alloclens.server.'
local ROOTS = { 'alloclens.toml', 'go.mod', 'Cargo.toml', 'package.json', 'pyproject.toml', 'pom.xml', '.git' }
-- Where package managers and toolchains keep sources that nobody edits.
local FOREIGN = { '/pkg/mod/', '/node_modules/', '/site%-packages/', '/%.cargo/registry/', '/rustlib/src/' }
local namespace = vim.api.nvim_create_namespace('alloclens')
local state = { status = nil, heat = false }
local answers = vim.defaulttable() -- the last hints of each server for a buffer, as JSON
local show_hints = vim.lsp.handlers['textDocument/inlayHint']

local function server()
  return vim.lsp.get_clients({ name = 'alloclens', bufnr = 0 })[1] or vim.lsp.get_clients({ name = 'alloclens' })[1]
end

-- Runs a command of the server, and then `done` with its answer.
local function request(name, arguments, done)
  local client = server()
  if not client then
    return vim.notify('alloclens: the server does not run', vim.log.levels.WARN)
  end
  local params = { command = PREFIX .. name, arguments = arguments }
  client:request('workspace/executeCommand', params, function(failure, answer)
    if failure then
      vim.notify('alloclens: ' .. failure.message, vim.log.levels.ERROR)
    elseif done then
      done(answer ~= vim.NIL and answer or nil, client)
    end
  end)
end

-- Some commands return null, or what went wrong.
local function say(problem)
  if problem then
    vim.notify('alloclens: ' .. problem, vim.log.levels.WARN)
  end
end

local function here()
  return vim.uri_from_bufnr(0), vim.api.nvim_win_get_cursor(0)[1] - 1
end

local function show(location, client)
  vim.lsp.util.show_document(location, client.offset_encoding, { focus = true })
end

-- Changes a setting for this session.
local function set(name, value)
  local client = server()
  if client then
    client.settings = vim.tbl_deep_extend('force', client.settings or {}, { alloclens = { [name] = value } })
    client:notify('workspace/didChangeConfiguration', { settings = client.settings })
  end
end

local function pick(items, prompt, text, done)
  vim.ui.select(items, { prompt = prompt, format_item = text }, function(item)
    if item then
      done(item)
    end
  end)
end

local function entry(location, text, kind)
  local start = location.range.start
  return { filename = vim.uri_to_fname(location.uri), lnum = start.line + 1, col = 1, text = text, type = kind }
end

-- Lists those items that have a place here.
local function quickfix(items, title, text)
  local entries = {}
  for _, item in ipairs(items) do
    if item.location then
      table.insert(entries, entry(item.location, text(item), item.kind))
    end
  end
  vim.fn.setqflist({}, ' ', { title = title, items = entries })
  vim.cmd('botright copen')
end

-- Chooses base or head: a name, or one of those that exist.
local function snapshot(setting)
  return function(name)
    if name then
      return set(setting, name)
    end
    request('snapshots', {}, function(found)
      local names = { { name = 'first' }, { name = 'previous' }, { name = 'latest' } }
      pick(vim.list_extend(names, found), setting, function(one)
        return vim.iter({ one.name, one.label ~= '' and one.label or nil, one.detail }):join('  ')
      end, function(one)
        set(setting, one.name)
      end)
    end)
  end
end

local function hot_line(step)
  return function()
    local uri, line = here()
    request('hotLine', { uri, line, step })
  end
end

local function focus(part)
  return function(pattern)
    request('focus', { { [part] = pattern or vim.fn.expand('<cword>') } }, say)
  end
end

M.commands = {
  base = snapshot('base'),
  head = snapshot('head'),
  next = hot_line(1),
  previous = hot_line(-1),
  focus = focus('focus'),
  ignore = focus('ignore'),
}

function M.commands.unfocus(every)
  request('unfocus', { every == 'all' })
end

function M.commands.series(name)
  if name then
    return request('showSeries', { name }, say)
  end
  request('seriesChoices', {}, function(found)
    pick(found, 'series', function(one)
      return (one.shown and '* ' or '  ') .. one.name .. '  ' .. one.detail
    end, function(one)
      request('showSeries', { one.name }, say)
    end)
  end)
end

M.commands['sample-type'] = function(name)
  if name then
    return set('sampleType', name)
  end
  request('sampleTypes', {}, function(found)
    pick(found, 'sample type', function(one)
      return (one.selected and '* ' or '  ') .. one.name
    end, function(one)
      set('sampleType', one.name)
    end)
  end)
end

-- Captures once from a URL, or every so many seconds.
function M.commands.capture(url, every)
  local function begin(from)
    request('capture', { from, { every = tonumber(every) or 0 } }, say)
  end
  if url then
    return begin(url)
  end
  request('captureTargets', {}, function(found)
    pick(found.targets, 'capture from', function(one)
      return one.name .. '  ' .. one.detail
    end, function(one)
      begin(one.url)
    end)
  end)
end

M.commands['stop-capture'] = function()
  request('stopCapture', {})
end

function M.commands.findings()
  local kinds = { error = 'E', warning = 'W', information = 'I', hint = 'N' }
  request('findings', {}, function(found)
    for _, one in ipairs(found.findings) do
      one.kind = kinds[one.severity]
    end
    quickfix(found.findings, 'alloclens: findings', function(one)
      return one.label .. '  ' .. one.detail
    end)
    if found.nothing ~= '' then
      vim.notify('alloclens: ' .. found.nothing)
    end
  end)
end

M.commands['hot-lines'] = function(filter)
  request('hotLines', { { filter = filter or '' } }, function(found, client)
    pick(found, 'hot lines', function(one)
      return ('%s  %s  %s:%d'):format(one.label, one['function'], vim.fs.basename(one.file), one.line)
    end, function(one)
      show(one.location, client)
    end)
  end)
end

-- Chooses a call stack of the line, and lists its frames.
function M.commands.stacks()
  request('stacks', { here() }, function(found)
    if not found then
      return say('no call stack goes through this line')
    end
    pick(found.stacks, found.title, function(one)
      return one.label
    end, function(one)
      quickfix(one.frames, one.label, function(frame)
        return frame.label
      end)
    end)
  end)
end

-- The call stacks of the line as a page.
function M.commands.page()
  request('stackPage', { here() })
end

-- Why the file has no numbers, or where they come from.
function M.commands.explain()
  request('explain', { vim.uri_from_bufnr(0) }, function(text)
    vim.cmd('botright new')
    vim.bo.buftype, vim.bo.bufhidden = 'nofile', 'wipe'
    vim.api.nvim_buf_set_lines(0, 0, -1, false, vim.split(text, '\n'))
  end)
end

function M.commands.hints()
  vim.lsp.inlay_hint.enable(not vim.lsp.inlay_hint.is_enabled())
end

-- Each step begins at four times the share of the one before; the last begins at a quarter of the whole.
local function step(value, whole)
  local number = STEPS + 1 + math.floor(math.log(value / whole) / math.log(4))
  return math.min(math.max(number, 1), STEPS)
end

local function paint(lines)
  local whole = 0
  for _, one in ipairs(lines) do
    whole = whole + math.abs(one.flat)
  end
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    vim.api.nvim_buf_clear_namespace(buffer, namespace, 0, -1)
  end
  for _, one in ipairs(lines) do
    local value = math.max(math.abs(one.flat), math.abs(one.owned))
    local buffer = one.location and vim.fn.bufnr(vim.uri_to_fname(one.location.uri)) or -1
    local row = buffer > 0 and one.location.range.start.line
    if row and value > 0 and vim.api.nvim_buf_is_loaded(buffer) and row < vim.api.nvim_buf_line_count(buffer) then
      local grown = one.grew
      local group = grown and 'AlloclensGrown' or 'AlloclensHeat' .. step(value, math.max(whole, value))
      vim.api.nvim_buf_set_extmark(buffer, namespace, row, 0, { sign_text = '▌', sign_hl_group = group })
    end
  end
end

local function draw_heat()
  if state.heat and server() then
    request('hotLines', { { own = false, most = 2000 } }, paint)
  end
end

-- Colours the lines that hold memory, or no longer.
function M.commands.heat()
  state.heat = not state.heat
  for number, colour in ipairs({ '#5c5a4a', '#7d6f3f', '#a8842f', '#d08a1e', '#f27a0f' }) do
    vim.api.nvim_set_hl(0, 'AlloclensHeat' .. number, { fg = colour, default = true })
  end
  vim.api.nvim_set_hl(0, 'AlloclensGrown', { link = 'DiagnosticWarn', default = true })
  if state.heat then
    draw_heat()
  else
    paint({})
  end
end

-- For 'statusline': %{v:lua.require'alloclens'.statusline()}
function M.statusline()
  local status = state.status
  return status and vim.iter({ status.text, status.focus }):filter(function(part)
    return part ~= ''
  end):join(' | ') or ''
end

-- The server leaves messages about the focus, and about missing profiles, to an editor that shows its status.
function M.on_status(_, status)
  local before = state.status or { focus = '', state = '' }
  state.status = status
  if status.focus ~= before.focus then
    vim.notify('alloclens: ' .. (status.focus == '' and 'all samples are shown' or 'only samples ' .. status.focus))
  elseif status.state == 'empty' and before.state ~= 'empty' then
    vim.notify('alloclens: ' .. status.plainTooltip)
  end
  vim.cmd.redrawstatus()
  draw_heat()
end

-- Neovim 0.11 draws a line's hints once for a text: what arrives after that, of another server or of a newer snapshot, waits
-- for an edit. Its own answer to a refresh draws again, but requests all hints, too: so it is for answers that are new.
function M.on_hints(failure, hints, context)
  local buffer, answer = answers[context.bufnr], hints and vim.json.encode(hints)
  local is_new = buffer[context.client_id] ~= answer
  buffer[context.client_id] = answer
  show_hints(failure, hints, context)
  if is_new then
    vim.lsp.handlers['workspace/inlayHint/refresh'](nil, nil, context)
  end
end

-- Hints that are off and on again are requested in hidden buffers, too.
function M.on_refresh(_, _, context)
  local client = vim.lsp.get_client_by_id(context.client_id)
  for buffer in pairs(client and client.attached_buffers or {}) do
    if vim.lsp.inlay_hint.is_enabled({ bufnr = buffer }) then
      answers[buffer] = nil
      vim.lsp.inlay_hint.enable(false, { bufnr = buffer })
      vim.lsp.inlay_hint.enable(true, { bufnr = buffer })
    end
  end
  return vim.NIL
end

-- The series follows the file that is looked at.
function M.on_enter(event)
  if #vim.lsp.get_clients({ name = 'alloclens', bufnr = event.buf }) > 0 and vim.bo[event.buf].filetype ~= 'text' then
    request('activeFile', { vim.uri_from_bufnr(event.buf) })
    draw_heat()
  end
end

local function is_foreign(path)
  for _, part in ipairs(FOREIGN) do
    if path:find(part) then
      return true
    end
  end
  local module = vim.fs.find('go.mod', { path = vim.fs.dirname(path), upward = true })[1]
  local first = module and vim.fn.readfile(module, '', 1)[1]
  return first == 'module std' or first == 'module cmd' -- Go's own
end

-- A dependency, a file of Go's own and a page of call stacks are the running server's; they start none.
function M.root_dir(buffer, on_dir)
  local path = vim.fs.normalize(vim.api.nvim_buf_get_name(buffer))
  local is_page = path:find('/alloclens/.*pages/') ~= nil
  if is_page or is_foreign(path) then
    local running = vim.lsp.get_clients({ name = 'alloclens' })[1]
    return running and on_dir(running.root_dir)
  end
  local root = vim.bo[buffer].filetype ~= 'text' and vim.fs.root(buffer, ROOTS)
  if root then
    on_dir(root)
  end
end

return M
