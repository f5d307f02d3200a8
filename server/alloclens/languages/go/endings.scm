; What tells which methods end what a function returns: see endings.py.

[(function_declaration) (method_declaration)] @function
(type_spec type: (interface_type)) @interface
