// Empty: it lets the compiler accept the functions without a body in private.go.
