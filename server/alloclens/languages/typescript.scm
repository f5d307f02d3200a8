[(function_declaration) (generator_function_declaration) (method_definition)
 (function_expression) (generator_function) (arrow_function)] @function
[(class_declaration) (class)] @type
(variable_declarator value: [(arrow_function) (function_expression) (generator_function) (class)]) @assigned
(assignment_expression right: [(arrow_function) (function_expression) (generator_function) (class)]) @assigned
(pair value: [(arrow_function) (function_expression) (generator_function) (class)]) @assigned
(abstract_class_declaration) @type
[(internal_module) (module)] @scope
(public_field_definition value: [(arrow_function) (function_expression) (generator_function) (class)]) @assigned
(comment) @comment
