"""
Modelling an operator of your own: what you write, and what makes a system of it.

`docs/how-to/your-own-controller.md` has a complete example. In short:

- `Resource`: a kind, and its objects at the start;
- `reconcile(cache)`: a generator that reads the `Cache` and yields `create`, `update`, `patch` and
  `delete`; what it gets back is the answer of the API server. `required` ends the sync, to be tried
  again, where that is any other than "applied"; `Done(later=True)` asks for another look later;
- `changes`: what others do to objects, such as users, kubelets and jobs;
- `Operator(...).system(level=..., lag=..., faults=...)`: the system, for `explore` or for pytest.
"""

from seatrial.model import controller, operator, operator_parts

__all__ = [
    "Cache",
    "Changes",
    "Done",
    "Operator",
    "OperatorSystem",
    "Requests",
    "Resource",
    "changes",
    "create",
    "delete",
    "patch",
    "required",
    "update",
]

Cache = operator_parts.Cache
Changes = operator_parts.Changes
Done = controller.Done
Operator = operator.Operator
OperatorSystem = operator.OperatorSystem
Requests = operator_parts.Requests
Resource = operator_parts.Resource
changes = operator_parts.changes
create = operator_parts.create
delete = operator_parts.delete
patch = operator_parts.patch
required = operator_parts.required
update = operator_parts.update
