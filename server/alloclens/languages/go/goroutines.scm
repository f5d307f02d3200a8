; What tells where goroutines start: see parser.py.

(package_clause (package_identifier) @package)
(import_spec) @import
[(function_declaration) (method_declaration)] @function
(func_literal) @closure
(go_statement) @go

; What gives a closure a name.
(short_var_declaration right: (expression_list (func_literal))) @kept
(assignment_statement right: (expression_list (func_literal))) @kept
(var_spec value: (expression_list (func_literal))) @kept
(keyed_element value: (literal_element (func_literal))) @kept

; Variables and constants: one hides a package of the same name.
(short_var_declaration left: (expression_list (identifier) @declared))
(range_clause left: (expression_list (identifier) @declared))
(receive_statement left: (expression_list (identifier) @declared))
(type_switch_statement alias: (expression_list (identifier) @declared))
(var_spec name: (identifier) @declared)
(const_spec name: (identifier) @declared)
(parameter_declaration name: (identifier) @declared)
(variadic_parameter_declaration name: (identifier) @declared)

; Functions that are named without being called, with or without type arguments.
(argument_list [(identifier) (selector_expression) (index_expression) (type_instantiation_expression)] @value)
(return_statement (expression_list [(identifier) (selector_expression) (index_expression) (type_instantiation_expression)] @value))
(short_var_declaration right: (expression_list [(identifier) (selector_expression) (index_expression) (type_instantiation_expression)] @value))
(assignment_statement right: (expression_list [(identifier) (selector_expression) (index_expression) (type_instantiation_expression)] @value))
(var_spec value: (expression_list [(identifier) (selector_expression) (index_expression) (type_instantiation_expression)] @value))
(literal_value (literal_element [(identifier) (selector_expression) (index_expression) (type_instantiation_expression)] @value))
(keyed_element value: (literal_element [(identifier) (selector_expression) (index_expression) (type_instantiation_expression)] @value))
(send_statement value: [(identifier) (selector_expression) (index_expression) (type_instantiation_expression)] @value)
