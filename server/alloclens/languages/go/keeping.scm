; What tells to what values are added, and what removes them: see keeping.py.

[(function_declaration) (method_declaration)] @function

; The variables of functions; those of the package are not within one.
(short_var_declaration left: (expression_list (identifier) @local))
(range_clause left: (expression_list (identifier) @local))
(receive_statement left: (expression_list (identifier) @local))
(type_switch_statement alias: (expression_list (identifier) @local))
(var_spec name: (identifier) @local)
(parameter_declaration name: (identifier) @local @parameter)
(variadic_parameter_declaration name: (identifier) @local @parameter)

; What gives values to variables, or adds them to something.
[(short_var_declaration) (assignment_statement) (expression_statement (call_expression))] @step

; Uses of variables and fields.
(selector_expression) @use
(selector_expression operand: (identifier) @use)
(expression_list (identifier) @use)
(argument_list (identifier) @use)
(index_expression operand: (identifier) @use)
(slice_expression operand: (identifier) @use)
(range_clause right: (identifier) @use)
(binary_expression (identifier) @use)
(unary_expression operand: (identifier) @use)
(literal_value (literal_element (identifier) @use))
(keyed_element value: (literal_element (identifier) @use))

; Those by their elements, that are compared, and that something is assigned to.
(index_expression operand: [(identifier) (selector_expression)] @seen)
(range_clause right: [(identifier) (selector_expression)] @seen)
(binary_expression [(identifier) (selector_expression)] @seen)
(assignment_statement left: (expression_list [(identifier) (selector_expression)] @seen))
((call_expression
  function: (identifier) @called
  arguments: (argument_list [(identifier) (selector_expression)] @seen))
  (#any-of? @called "len" "cap" "append" "copy"))
((call_expression
  function: (identifier) @called
  arguments: (argument_list [(identifier) (selector_expression)] @seen @removed))
  (#any-of? @called "delete" "clear"))

; What may get its first value in.
(if_statement condition: (binary_expression right: (nil))) @if
