[(method_declaration) (constructor_declaration) (compact_constructor_declaration) (static_initializer)] @function
(lambda_expression) @closure
[(class_declaration) (interface_declaration) (enum_declaration) (record_declaration)
 (annotation_type_declaration)] @type
[(line_comment) (block_comment)] @comment
