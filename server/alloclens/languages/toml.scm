(table) @table
(table_array_element) @element
(document (pair) @pair)
(table (pair) @pair)
(table_array_element (pair) @pair)
(ERROR) @error
