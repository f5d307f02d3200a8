(function_definition) @function
(lambda_expression) @closure
[(class_specifier body: (_)) (struct_specifier body: (_)) (union_specifier body: (_))] @type
(namespace_definition) @scope
(template_declaration) @head
(comment) @comment
