(function_item) @function
(closure_expression) @closure
[(impl_item) (trait_item) (mod_item)] @scope
[(line_comment) (block_comment)] @comment
