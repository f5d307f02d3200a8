(function_definition) @function
(class_definition) @type
(decorated_definition) @head
[(lambda) (list_comprehension) (generator_expression) (set_comprehension) (dictionary_comprehension)] @closure
(comment) @comment
