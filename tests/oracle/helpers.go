package main

func (o *oracle) help(r *request) (reply, error) {
	return reply{}, badRequest("helper: no such helper: %q", r.Helper)
}
