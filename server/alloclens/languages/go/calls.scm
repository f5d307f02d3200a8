; What tells who calls whom: see library_starts.py.

(function_declaration name: (identifier) @name) @function
(method_declaration name: (field_identifier) @name) @function
(call_expression function: (_) @called)
