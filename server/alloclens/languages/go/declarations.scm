[(function_declaration) (method_declaration)] @function
(func_literal) @closure
(for_statement (range_clause)) @loop
(comment) @comment
