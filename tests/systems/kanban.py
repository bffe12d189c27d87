"""
A kanban production line of four cells, with t cards each.

:Source: prismmodelchecker/prism-benchmarks, models/ctmcs/kanban/kanban.sm, after Ciardo and
    Tilgner, On the use of Kronecker operators for the solution of generalized stochastic Petri
    nets, 1996.
:Published: 160, 4,600, 58,400, 454,475 and 2,546,432 states for 1 to 5 cards (models.csv beside
    it); 616, 28,120, 446,400, 3,979,850 and 24,460,016 transitions, and a breadth-first search of
    14 t + 1 iterations, the last of which finds nothing new (logs/ beside it).
:Omits: the rates. A cell's number of cards in use is the sum of its parts, and no variable here.
"""

from collections.abc import Iterator
from typing import NamedTuple

from seatrial.core import Outcomes, Parameter, System, Variable, action, outcome

__all__ = ["Cell", "kanban"]


class Cell(NamedTuple):
    """How many parts a cell works on, has to do again, and has finished; each has a card."""

    working: int = 0
    faulty: int = 0
    finished: int = 0

    @property
    def cards(self) -> int:
        """In use."""
        return self.working + self.faulty + self.finished

    def take(self) -> "Cell":
        """A part comes in."""
        return self._replace(working=self.working + 1)

    def give(self) -> "Cell":
        """A part goes out."""
        return self._replace(finished=self.finished - 1)


def _moves(cell: Cell) -> Iterator[tuple[str, Cell]]:
    working, faulty, finished = cell
    if working > 0:
        yield "find faulty", Cell(working - 1, faulty + 1, finished)
        yield "finish", Cell(working - 1, faulty, finished + 1)
    if faulty > 0:
        yield "do again", Cell(working + 1, faulty - 1, finished)


@action(actor="cell 1", writes="cell_1")
def work_1(cell_1: Cell) -> Outcomes:
    """Work on a part of cell 1."""
    for label, after in _moves(cell_1):
        yield outcome(label, cell_1=after)


@action(actor="cell 2", writes="cell_2")
def work_2(cell_2: Cell) -> Outcomes:
    """Work on a part of cell 2."""
    for label, after in _moves(cell_2):
        yield outcome(label, cell_2=after)


@action(actor="cell 3", writes="cell_3")
def work_3(cell_3: Cell) -> Outcomes:
    """Work on a part of cell 3."""
    for label, after in _moves(cell_3):
        yield outcome(label, cell_3=after)


@action(actor="cell 4", writes="cell_4")
def work_4(cell_4: Cell) -> Outcomes:
    """Work on a part of cell 4."""
    for label, after in _moves(cell_4):
        yield outcome(label, cell_4=after)


@action(actor="line", writes="cell_1")
def arrive(cell_1: Cell, cards: int) -> Outcomes:
    """A part enters the line."""
    if cell_1.cards < cards:
        yield outcome("arrive", cell_1=cell_1.take())


@action(actor="line", writes=("cell_1", "cell_2", "cell_3"))
def divide(cell_1: Cell, cell_2: Cell, cell_3: Cell, cards: int) -> Outcomes:
    """A part of cell 1 becomes two, for cells 2 and 3."""
    if cell_1.finished > 0 and cell_2.cards < cards and cell_3.cards < cards:
        yield outcome("divide", cell_1=cell_1.give(), cell_2=cell_2.take(), cell_3=cell_3.take())


@action(actor="line", writes=("cell_2", "cell_3", "cell_4"))
def join(cell_2: Cell, cell_3: Cell, cell_4: Cell, cards: int) -> Outcomes:
    """Parts of cells 2 and 3 become one, for cell 4."""
    if cell_2.finished > 0 and cell_3.finished > 0 and cell_4.cards < cards:
        yield outcome("join", cell_2=cell_2.give(), cell_3=cell_3.give(), cell_4=cell_4.take())


@action(actor="line", writes="cell_4")
def depart(cell_4: Cell) -> Outcomes:
    """A part leaves the line."""
    if cell_4.finished > 0:
        yield outcome("depart", cell_4=cell_4.give())


def kanban(cards: int = 2) -> System:
    """An empty line."""
    names = ("cell_1", "cell_2", "cell_3", "cell_4")
    return System(
        name="kanban",
        parameters=[Parameter("cards", cards)],
        variables=[Variable(name) for name in names],
        actions=[arrive, work_1, divide, work_2, work_3, join, work_4, depart],
        initial=[dict.fromkeys(names, Cell())],
    )
