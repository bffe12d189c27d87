"""
The hot loop, compiled: states are packed into words, rules are look-ups, Python is never called.

A state is `W` words; a *cell vector* is these and the words of views and totals after them, `E` in
all. Both are passed as tuples of so many zeros, so that the compiler knows them and unrolls.

A question is a rule and the cell vector masked by what the rule reads; the answer is a count of
outcomes and the first of them (`keep` and `put` turn a state into the next), or for views, totals
and properties a count and a number. Where the bits that a rule reads are few they are the place of
the answer; the others have hash regions, one a rule. What is not known is recorded as a miss, and
the state is left for later.

All functions here also run uncompiled, on NumPy arrays; tests use that to plant faults. They stand
in one file because numba's cache on disk looks only at the file of the function that it compiled:
of one that is inlined from elsewhere it would not notice a change.
"""

from typing import Any, NamedTuple

import numpy as np

from .jit import inline, jit

U = np.uint64
ONE = U(1)
ZERO = U(0)
SHARDS = 64
EMPTY = U(0xFFFFFFFFFFFFFFFF)
FRESH = U(0x80000000)
LOW32 = U(0xFFFFFFFF)
NO_PARENT = np.uint32(0xFFFFFFFF)
BITS32 = U(32)
MULTIPLY = U(0x9E3779B97F4A7C15)
AGAIN = U(0xD6E8FEB86659FD93)
SHIFT = U(29)
SHARD_SHIFT = U(58)
SCAN_ON = 16384
OPEN = 8192
SCAN_QUIET = 1024
CHAIN_LIMIT = 1000
AHEAD = 64
LINE = 8
RECENT = 4096
LATEST = 1 << 15
TOGETHER = 512

DONE, FULL, MISSED, SMALL, ENDLESS, ENDS = 0, 1, 2, 3, 4, 5


class Known(NamedTuple):
    """Answers of all rules: `count << 32 | first`, or EMPTY where there is none yet."""

    masks: Any  # (R, E) what each rule reads
    spans: Any  # (R, 3) which runs make up the place of an answer, and where the first one is
    runs: Any  # (N, 4) bits of a cell vector next to each other: word, shift, mask, shift of place
    direct: Any  # (N,) answers of the rules that have runs; of views what is said, see `derive`
    regions: Any  # (R, 3) of the others: first entry of the region, its size (2**n) less 1, 64 - n
    table: Any  # (N, E + 1) their entries: a key and, last, the answer


class Rules(NamedTuple):
    """Learned rules: what is known, and the outcomes of actions."""

    known: Known
    keep: Any  # (O, W)
    put: Any  # (O, W)
    doer: Any  # (O,) whose outcome it is
    stirs: Any  # (O,) whether it writes something that committed actions rest on


class Shape(NamedTuple):
    """How cells derive from a state, and which groups of actions there are."""

    ordinary: Any
    committed: Any
    guards: Any  # (G, 3) by group, word of its guard, mask, and what is there where it is True
    marks: Any  # (A,) bits of committed actions that properties name
    views: Any  # (V, 5) by set of views that are looked up at once: rule, word of the results, span
    said: Any  # by answer of such a rule, the results in their places in that word
    totals: Any  # (T, 5) the same, and the range of its parts
    between: Any  # (2,) how many of these and of totals, the first ones, committed actions rest on
    parts: Any  # (P, 4) word, shift and mask of a cell, and where its numbers begin
    numbers: Any  # by id, what it adds


class Mirror(NamedTuple):
    """Symmetric indices: group g has members `begin[g]`…, each of `fields[g]` fields."""

    begin: Any  # (G + 1,) into word and shift, in units of fields
    members: Any  # (G,)
    fields: Any  # (G,)
    word: Any
    shift: Any
    mask: Any
    rank_offset: Any
    ranks: Any


class Ample(NamedTuple):
    """Stubborn sets as bit sets over actions; none where `dependent` is empty."""

    dependent: Any  # (A, B)
    enabling: Any  # (A, B)
    visible: Any  # (A,)


class Watch(NamedTuple):
    """Properties of steps that are still open: four rules each, see `step_rules`."""

    before: Any
    after: Any
    pair: Any
    verdict: Any
    wants_action: Any
    action_class: Any  # by ground action, the number of its declaration
    number: Any  # of the property, among those of steps


class Scratch(NamedTuple):
    """Room for one state at a time, by thread."""

    cells: Any  # (T, E)
    next_cells: Any  # (T, E)
    actions: Any  # (T, A) the enabled ones
    firsts: Any
    counts: Any
    ends: Any  # (T, X, W)
    doers: Any  # (T, X)
    begins: Any  # (T, A + 1) of each enabled action's ends
    stack: Any  # (T, X, W)
    heights: Any  # (T, X)
    chains: Any  # (T, X) marks of the committed actions before a place of the stack
    marks: Any  # (T, X) marks of all that led to an end
    sorting: Any  # (T, M, F) for symmetry
    bits: Any  # (T, 4, B)
    befores: Any  # (T, S) what properties of steps read before a step
    steps: Any  # (T, X + TOGETHER + 2) steps that are not handed over yet, see `hand_over`
    kept: Any  # (T, X + TOGETHER + 2, W) candidates that are not handed on yet, see `hand_on`


class Out(NamedTuple):
    """Candidates by thread and shard, in order, and what else a thread counts."""

    words: Any  # (T, SHARDS, cap, W)
    ordinal: Any  # (T, SHARDS, cap)
    fill: Any  # (T, SHARDS)
    parent: Any  # (T, N) by ordinal; of those that are fresh their own number, once they have one
    new: Any  # (T, N)
    total: Any  # (T,) candidates
    taken: Any  # (T,) steps: candidates, and those that were dropped
    latest: Any  # (T, 2**n, W) see `sift`
    deadlocks: Any  # (T, 2) how many, the first
    steps: Any  # (T, S, 2) premise met, first state with a violating step


class Misses(NamedTuple):
    """Questions that no table answers yet."""

    rule: Any  # (T, M)
    key: Any  # (T, M, E)
    fill: Any  # (T,)
    recent: Any  # (T, RECENT)
    open: Any  # (T, OPEN) states of which something was missed, for `reopen`
    opened: Any  # (T,)


class Spare(NamedTuple):
    """
    Steps of states after one that is open, so that they are not looked up again.

    `begin` and `many` are by place in the range that a thread was given in the beginning.
    """

    low: Any  # (T,) first state of that range
    begin: Any  # (T, N) first of its ends, -1 where none are kept
    many: Any  # (T, N)
    ends: Any  # (T, S, W)
    doers: Any  # (T, S)
    fill: Any  # (T,)


class Visited(NamedTuple):
    """
    Hash shards. A slot holds 32 bits of hash and the number of a state, see `insert`; or, `bare`,
    the state itself, which is one word, see `insert_bare`.
    """

    slots: Any  # (SHARDS, cap)
    used: Any  # (SHARDS,)
    bare: Any  # bool


class Fresh(NamedTuple):
    """States found in this chunk, by shard, before they have numbers."""

    words: Any  # (SHARDS, cap, W)
    thread: Any
    ordinal: Any
    fill: Any
    homes: Any  # (T, AHEAD) where candidates are looked for first, and which are left
    left: Any


@inline
def stir(h, word):
    """Mix a word into a hash."""
    h = (h ^ word) * MULTIPLY
    return h ^ (h >> BITS32)


@inline
def spread(h, word):
    """Mix a word into a hash of which only the topmost bits are used."""
    return (h ^ (h >> BITS32) ^ word) * MULTIPLY


@inline
def finish(h):
    """The last mixing, after which all bits are good."""
    h = h * AGAIN
    return h ^ (h >> SHIFT)


@inline
def hash_words(words, dim):
    """The hash of a packed state."""
    h = ZERO
    for k in range(len(dim)):
        h = stir(h, words[k])
    return finish(h)


@inline
def hash_low(word):
    """The part of the hash of a state of one word that tells its place in a shard."""
    return finish(stir(ZERO, word)) & LOW32


@inline
def home(tag, capacity):
    """Where in its shard a state is looked for first: the lines are filled from their beginning."""
    return ((tag * U(capacity // LINE)) >> BITS32) * U(LINE)


@inline
def place_of(cells, begin, end, at, runs):
    """The place of a direct answer: its runs of bits next to each other."""
    for r in range(begin, end):
        at += ((cells[runs[r, 0]] >> runs[r, 1]) & runs[r, 2]) << runs[r, 3]
    return at


@inline
def find(cells, rule, masks, spans, runs, direct, regions, table, dim):
    """The answer of a rule for a cell vector, or EMPTY."""
    if len(dim) > 1:  # hashing one word takes no longer than asking whether to
        begin, end = spans[rule, 0], spans[rule, 1]
        if begin < end:
            return direct[place_of(cells, begin, end, spans[rule, 2], runs)]
    h = ZERO
    for k in range(len(dim)):
        h = spread(h, cells[k] & masks[rule, k])
    last = regions[rule, 1]
    at = h >> regions[rule, 2]
    while True:
        j = regions[rule, 0] + at
        answer = table[j, len(dim)]
        if answer == EMPTY:
            return answer
        same = True
        for k in range(len(dim)):
            if table[j, k] != (cells[k] & masks[rule, k]):
                same = False
        if same:
            return answer
        at = (at + ONE) & last


@inline
def find_word(word, rule, regions, table, dim):
    """The answer of a rule whose key is one number, or EMPTY."""
    h = spread(ZERO, word)
    for _ in range(1, len(dim)):
        h = spread(h, ZERO)
    last = regions[rule, 1]
    at = h >> regions[rule, 2]
    while True:
        j = regions[rule, 0] + at
        answer = table[j, len(dim)]
        if answer == EMPTY or table[j, 0] == word:
            return answer
        at = (at + ONE) & last


@inline
def first_of(answer):
    """The first outcome, or the number that is the answer."""
    return np.int64(answer & LOW32)


@inline
def count_of(answer):
    """How many outcomes an answer has."""
    return np.int64(answer >> BITS32)


@jit
def place_all(known, shape, viewing, rule, keys, first, count, low, high, dim):
    """Enter answers `low` to `high`; the regions have room. `viewing`: the range of view rules."""
    spans, regions, table = known.spans, known.regions, known.table
    for n in range(low, high):
        answer = (U(count[n]) << BITS32) | U(first[n])
        begin, end = spans[rule[n], 0], spans[rule[n], 1]
        if begin < end:
            if viewing[0] <= rule[n] < viewing[1]:
                answer = shape.said[first[n]]
            known.direct[place_of(keys[n], begin, end, spans[rule[n], 2], known.runs)] = answer
            continue
        h = ZERO
        for k in range(len(dim)):
            h = spread(h, keys[n, k])
        last = regions[rule[n], 1]
        at = h >> regions[rule[n], 2]
        while table[regions[rule[n], 0] + at, len(dim)] != EMPTY:
            at = (at + ONE) & last
        j = regions[rule[n], 0] + at
        for k in range(len(dim)):
            table[j, k] = keys[n, k]
        table[j, len(dim)] = answer


@jit
def miss(thread, rule, cells, masks, misses, dim):
    """Record a question, unless it was among the last ones."""
    h = stir(ZERO, U(rule))
    for k in range(len(dim)):
        h = stir(h, cells[k] & masks[rule, k])
    h = finish(h) | ONE  # never the 0 of an unused place
    at = np.int64((h >> BITS32) & U(RECENT - 1))
    n = misses.fill[thread]
    if misses.recent[thread, at] == h or n >= misses.rule.shape[1]:
        return
    misses.recent[thread, at] = h
    misses.rule[thread, n] = rule
    for k in range(len(dim)):
        misses.key[thread, n, k] = cells[k] & masks[rule, k]
    misses.fill[thread] = n + 1


@jit
def miss_word(thread, rule, word, misses, dim):
    """Record a question whose key is one number."""
    n = misses.fill[thread]
    if n >= misses.rule.shape[1]:
        return
    misses.rule[thread, n] = rule
    misses.key[thread, n, 0] = word
    for k in range(1, len(dim)):
        misses.key[thread, n, k] = ZERO
    misses.fill[thread] = n + 1


@inline
def shut(cells, group, guards):
    """Whether the guard of a group is False: it has no enabled action, and is not asked for one."""
    return guards.size > 0 and (cells[guards[group, 0]] & guards[group, 1]) != guards[group, 2]


@jit
def derive(cells, thread, known, shape, within, misses, dim_w, dim_e):
    """
    Fill in the words of views and totals, `within` a step only of those that committed actions
    rest on; False where something is missing.

    Callers say `np.bool_`, not only True: for literals the compiler makes versions of their own.
    """
    masks, spans, runs, direct, regions, table = known
    views, totals, parts, numbers = shape.views, shape.totals, shape.parts, shape.numbers
    for k in range(len(dim_w), len(dim_e)):
        cells[k] = ZERO
    whole = True
    for v in range(shape.between[0] if within else len(views)):
        if views[v, 2] < views[v, 3]:
            said = direct[place_of(cells, views[v, 2], views[v, 3], views[v, 4], runs)]
        else:
            said = find(cells, views[v, 0], masks, spans, runs, direct, regions, table, dim_e)
            if said != EMPTY:
                said = shape.said[said & LOW32]
        if said == EMPTY:
            miss(thread, views[v, 0], cells, masks, misses, dim_e)
            whole = False
        else:
            cells[views[v, 1]] |= said
    if not whole:
        return False
    for t in range(shape.between[1] if within else len(totals)):
        amount = np.int64(0)
        for p in range(totals[t, 3], totals[t, 4]):
            part = (cells[parts[p, 0]] >> U(parts[p, 1])) & U(parts[p, 2])
            amount += numbers[parts[p, 3] + np.int64(part)]
        answer = find_word(U(amount), totals[t, 0], regions, table, dim_e)
        if answer == EMPTY:
            miss_word(thread, totals[t, 0], U(amount), misses, dim_e)
            whole = False
        else:
            cells[totals[t, 1]] |= U(first_of(answer)) << U(totals[t, 2])
    return whole


@inline
def enabled_of(
    which, cells, thread, masks, spans, runs, direct, regions, table, guards, scratch, misses, dim_e
):
    """Look up these groups; how many have an enabled action, or -1 where an answer is missing."""
    n = 0
    whole = True
    for i in range(which.size):
        a = which[i]
        if shut(cells, a, guards):
            continue
        j = find(cells, a, masks, spans, runs, direct, regions, table, dim_e)
        if j == EMPTY:
            miss(thread, a, cells, masks, misses, dim_e)
            whole = False
        elif count_of(j) > 0:
            scratch.firsts[thread, n] = first_of(j)
            scratch.counts[thread, n] = count_of(j)
            n += 1
    return n if whole else -1


@jit
def canonical(words, thread, mirror, scratch):
    """Sort the slices of symmetric members, by rank, in place."""
    for g in range(mirror.members.size):
        fields = mirror.fields[g]
        for m in range(mirror.members[g]):
            # Insert member m among the sorted ones before it.
            at = mirror.begin[g] + m * fields
            for f in range(fields):
                i = at + f
                value = (words[mirror.word[i]] >> mirror.shift[i]) & mirror.mask[i]
                scratch.sorting[thread, m, f] = np.int64(value)
            k = m
            while k > 0:
                less = False
                for f in range(fields):
                    offset = mirror.rank_offset[at + f]
                    one = mirror.ranks[offset + scratch.sorting[thread, k, f]]
                    other = mirror.ranks[offset + scratch.sorting[thread, k - 1, f]]
                    if one != other:
                        less = one < other
                        break
                if not less:
                    break
                for f in range(fields):
                    swap = scratch.sorting[thread, k, f]
                    scratch.sorting[thread, k, f] = scratch.sorting[thread, k - 1, f]
                    scratch.sorting[thread, k - 1, f] = swap
                k -= 1
        for m in range(mirror.members[g]):
            for f in range(fields):
                i = mirror.begin[g] + m * fields + f
                word = mirror.word[i]
                value = U(scratch.sorting[thread, m, f])
                cleared = words[word] & ~(mirror.mask[i] << mirror.shift[i])
                words[word] = cleared | (value << mirror.shift[i])


@jit
def gather(source, thread, rules, shape, mirror, scratch, misses, dim_w, dim_e):
    """
    All ends of all steps from a state into `scratch.ends`, those of enabled action i from
    `begins[i]`; how many actions are enabled, or minus a status.
    """
    known = rules.known
    masks, spans, runs, direct, regions, table = known
    keep, put, doer, guards = rules.keep, rules.put, rules.doer, shape.guards
    cells = scratch.cells[thread]
    for k in range(len(dim_w)):
        cells[k] = source[k]
    if len(dim_e) > len(dim_w):
        if not derive(cells, thread, known, shape, np.bool_(False), misses, dim_w, dim_e):
            return -MISSED
    groups = 0
    if shape.committed.size > 0:
        groups = enabled_of(
            shape.committed,
            cells,
            thread,
            masks,
            spans,
            runs,
            direct,
            regions,
            table,
            guards,
            scratch,
            misses,
            dim_e,
        )
    quiet = groups == 0  # then none is enabled after a write that stirs none
    if quiet:
        groups = enabled_of(
            shape.ordinary,
            cells,
            thread,
            masks,
            spans,
            runs,
            direct,
            regions,
            table,
            guards,
            scratch,
            misses,
            dim_e,
        )
    if groups < 0:
        return -MISSED
    room = scratch.ends.shape[1]
    symmetric = mirror.members.size > 0
    n = 0
    whole = True
    following = scratch.next_cells[thread]
    enabled = 0
    for i in range(groups):
        action = np.int64(-1)
        for o in range(
            scratch.firsts[thread, i], scratch.firsts[thread, i] + scratch.counts[thread, i]
        ):
            if doer[o] != action:
                action = np.int64(doer[o])
                scratch.actions[thread, enabled] = action
                scratch.begins[thread, enabled] = n
                enabled += 1
            if quiet and not symmetric and not (shape.committed.size > 0 and rules.stirs[o]):
                if n >= room:
                    return -ENDS
                for k in range(len(dim_w)):
                    scratch.ends[thread, n, k] = (cells[k] & keep[o, k]) | put[o, k]
                scratch.doers[thread, n] = action
                scratch.marks[thread, n] = ZERO
                n += 1
                continue
            top = 1
            for k in range(len(dim_w)):
                scratch.stack[thread, 0, k] = (cells[k] & keep[o, k]) | put[o, k]
            scratch.heights[thread, 0] = 0
            scratch.chains[thread, 0] = ZERO
            while top > 0:
                top -= 1
                for k in range(len(dim_w)):
                    following[k] = scratch.stack[thread, top, k]
                height = scratch.heights[thread, top]
                chain = scratch.chains[thread, top]
                more = 0
                if shape.committed.size > 0 and (height > 0 or not quiet or rules.stirs[o]):
                    if len(dim_e) > len(dim_w) and not derive(
                        following, thread, known, shape, np.bool_(True), misses, dim_w, dim_e
                    ):
                        whole = False
                        continue
                    for c in range(shape.committed.size - 1, -1, -1):
                        if shut(following, shape.committed[c], guards):
                            continue
                        j = find(
                            following,
                            shape.committed[c],
                            masks,
                            spans,
                            runs,
                            direct,
                            regions,
                            table,
                            dim_e,
                        )
                        if j == EMPTY:
                            miss(thread, shape.committed[c], following, masks, misses, dim_e)
                            whole = False
                            continue
                        if top + more + count_of(j) > room:
                            return -ENDS
                        for q in range(count_of(j) - 1, -1, -1):
                            w = first_of(j) + q
                            for k in range(len(dim_w)):
                                scratch.stack[thread, top + more, k] = (
                                    following[k] & keep[w, k]
                                ) | put[w, k]
                            scratch.heights[thread, top + more] = height + 1
                            scratch.chains[thread, top + more] = chain | shape.marks[doer[w]]
                            more += 1
                if more > 0:
                    if height >= CHAIN_LIMIT:
                        return -ENDLESS
                    top += more
                    continue
                if n >= room:
                    return -ENDS
                if symmetric:
                    canonical(following, thread, mirror, scratch)
                for k in range(len(dim_w)):
                    scratch.ends[thread, n, k] = following[k]
                scratch.doers[thread, n] = action
                scratch.marks[thread, n] = chain
                n += 1
    scratch.begins[thread, enabled] = n
    return enabled if whole else -MISSED


@jit
def watch_steps(
    source,
    n,
    state,
    recording,
    thread,
    rules,
    shape,
    watch,
    scratch,
    misses,
    out,
    dim_w,
    dim_e,
):
    """
    Ask the properties of steps about `n` ends of a state; False where an answer is missing.

    `recording` is off where an earlier state waits for an answer: that one comes first.
    """
    known = rules.known
    masks, spans, runs, direct, regions, table = known
    whole = True
    cells, following = scratch.cells[thread], scratch.next_cells[thread]
    befores = scratch.befores[thread]
    for s in range(watch.before.size):
        befores[s] = find(cells, watch.before[s], masks, spans, runs, direct, regions, table, dim_e)
        if befores[s] == EMPTY:
            miss(thread, watch.before[s], cells, masks, misses, dim_e)
            whole = False
    for i in range(n):
        for k in range(len(dim_w)):
            following[k] = scratch.ends[thread, i, k]
        if len(dim_e) > len(dim_w) and not derive(
            following, thread, known, shape, np.bool_(False), misses, dim_w, dim_e
        ):
            whole = False
            continue
        for s in range(watch.before.size):
            if befores[s] == EMPTY or out.steps[thread, watch.number[s], 1] >= 0:
                continue
            a = find(following, watch.after[s], masks, spans, runs, direct, regions, table, dim_e)
            if a == EMPTY:
                miss(thread, watch.after[s], following, masks, misses, dim_e)
                whole = False
                continue
            word = (U(first_of(befores[s])) << BITS32) | U(first_of(a))
            p = find_word(word, watch.pair[s], regions, table, dim_e)
            if p == EMPTY:
                miss_word(thread, watch.pair[s], word, misses, dim_e)
                whole = False
                continue
            word = U(first_of(p)) << BITS32
            if watch.wants_action[s]:
                word |= U(watch.action_class[scratch.doers[thread, i]])
            v = find_word(word, watch.verdict[s], regions, table, dim_e)
            if v == EMPTY:
                miss_word(thread, watch.verdict[s], word, misses, dim_e)
                whole = False
            elif recording:
                if count_of(v) > 0:
                    out.steps[thread, watch.number[s], 0] = 1
                if first_of(v) > 0:
                    out.steps[thread, watch.number[s], 1] = state
    return whole


@inline
def has(bits, a):
    """Whether a bit set holds a."""
    return (bits[a >> 6] >> U(a & 63)) & ONE != ZERO


@inline
def state_number(words, slots, states, dim):
    """The number of a state, or -1; all numbers are settled."""
    h = hash_words(words, dim)
    shard = np.int64(h >> SHARD_SHIFT)
    tag = h & LOW32
    capacity = slots.shape[1]
    at = np.int64(home(tag, capacity))
    while True:
        slot = slots[shard, at]
        if slot == EMPTY:
            return np.int64(-1)
        if slot >> BITS32 == tag:
            number = np.int64(slot & LOW32)
            # Numbers beyond the array are of states that a cap left out.
            same = number < len(states)
            for k in range(len(dim)):
                if same and states[number, k] != words[k]:
                    same = False
            if same:
                return number
        at += 1
        if at == capacity:
            at = 0


@jit
def choose(enabled, thread, level_end, ample, scratch, visited, states, dim_w):
    """The enabled actions that suffice, as bits in `scratch.bits[thread, 0]`; how many."""
    whole = scratch.bits[thread, 1]
    best = scratch.bits[thread, 0]
    closed = scratch.bits[thread, 2]
    waiting = scratch.bits[thread, 3]
    size = whole.size
    for b in range(size):
        whole[b] = ZERO
    for i in range(enabled):
        a = scratch.actions[thread, i]
        whole[a >> 6] |= ONE << U(a & 63)
    for b in range(size):
        best[b] = whole[b]
    least = enabled
    for i in range(enabled):
        seed = scratch.actions[thread, i]
        for b in range(size):
            closed[b] = ZERO
            waiting[b] = ZERO
        closed[seed >> 6] |= ONE << U(seed & 63)
        waiting[seed >> 6] |= ONE << U(seed & 63)
        going = True
        while going:
            going = False
            for one in range(ample.visible.size):
                if not has(waiting, one):
                    continue
                waiting[one >> 6] &= ~(ONE << U(one & 63))
                going = True
                for b in range(size):
                    if has(whole, one):
                        more = ample.dependent[one, b] & ~closed[b]
                    else:
                        more = ample.enabling[one, b] & ~closed[b]
                    closed[b] |= more
                    waiting[b] |= more
        count = 0
        usable = True
        for k in range(enabled):
            a = scratch.actions[thread, k]
            if has(closed, a):
                count += 1
                if ample.visible[a]:
                    usable = False
        if not usable or count >= least:
            continue
        deeper = False
        for k in range(enabled):
            if deeper or not has(closed, scratch.actions[thread, k]):
                continue
            for n in range(scratch.begins[thread, k], scratch.begins[thread, k + 1]):
                number = state_number(scratch.ends[thread, n], visited.slots, states, dim_w)
                if number < 0 or number >= level_end:
                    deeper = True
                    break
        if deeper:
            least = count
            for b in range(size):
                best[b] = closed[b] & whole[b]
    return least


@inline
def sift(kept, t, at, latest, dim):
    """
    Move candidate `t` to `at`, where it stays if it is not known; whether it is not.

    `latest` holds candidates that this thread handed on before, one a place: what is found there is
    known already, and came first.
    """
    # Whether it is known cannot be foretold: what is written in vain costs less than a branch.
    place = (hash_words(kept[U(t)], dim) >> BITS32) & U(len(latest) - 1)
    new = False
    for k in range(len(dim)):
        word = kept[U(t), k]
        new |= latest[place, k] != word
        latest[place, k] = word
        kept[U(at), k] = word
    return new


@inline
def hand_on(kept, many, ordinal, buckets, ordinals, fill, fullest, dim):
    """
    Put candidates that were kept, the first as number `ordinal`, to those of their shards.

    Returns how many the fullest shard has. In a loop of its own: what is written to shards lies far
    apart, and what `sift` reads would wait for it.
    """
    for t in range(many):
        shard = hash_words(kept[U(t)], dim) >> SHARD_SHIFT
        n = U(fill[shard])
        for k in range(len(dim)):
            buckets[shard, n, k] = kept[U(t), k]
        ordinals[shard, n] = U(ordinal) + U(t)
        fill[shard] = np.int64(n) + 1
        fullest = max(fullest, np.int64(n) + 1)
    return fullest


@jit
def forget(latest, dim):
    """Fill `latest` with words that belong elsewhere in it, so that nothing is found."""
    for n in range(len(latest)):
        for k in range(len(dim)):
            latest[n, k] = ZERO
    mine = (hash_words(latest[0], dim) >> BITS32) & U(len(latest) - 1)
    while (hash_words(latest[mine], dim) >> BITS32) & U(len(latest) - 1) == mine:
        latest[mine, 0] += ONE


@jit
def push_one(words, state, scratch, out, dim):
    """Hand a candidate of the first thread on: an initial state."""
    kept, ordinal = scratch.kept[0], out.total[0]
    for k in range(len(dim)):
        kept[0, k] = words[k]
    if sift(kept, 0, 0, out.latest[0], dim):
        out.parent[0, ordinal] = state
        hand_on(kept, 1, ordinal, out.words[0], out.ordinal[0], out.fill[0], 0, dim)
        out.total[0] = ordinal + 1


@jit
def dead_end(thread, state, out):
    """Count a state in which nothing is enabled."""
    out.deadlocks[thread, 0] += 1
    if out.deadlocks[thread, 1] < 0:
        out.deadlocks[thread, 1] = state


@jit
def foresee(thread, low, high, which, states, rules, shape, scratch, misses, dim_w, dim_e):
    """
    Record what `expand_plainly` will miss of the groups `which` in states `low` to `high`.

    Expansion stops where an answer is missing, and the other threads wait; this does not stop.
    """
    known = rules.known
    masks, spans, runs, direct, regions, table = known
    cells = scratch.cells[thread]
    for s in range(low, high):
        for k in range(len(dim_w)):
            cells[k] = states[s, k]
        if len(dim_e) > len(dim_w):
            if not derive(cells, thread, known, shape, np.bool_(False), misses, dim_w, dim_e):
                continue
        for i in range(which.size):
            if shut(cells, U(which[i]), shape.guards):
                continue
            if find(cells, U(which[i]), masks, spans, runs, direct, regions, table, dim_e) == EMPTY:
                miss(thread, which[i], cells, masks, misses, dim_e)


@jit
def hand_over(thread, n, low, fullest, states, rules, scratch, out, dim):
    """
    Hand the ends of `n` steps on; how many candidates the fullest shard has then.

    A step is the place of a state from `low`, and an outcome. Loops over all of them take no turns
    that cannot be foretold, and none waits for what the one before it looks up.
    """
    keep, put = rules.keep, rules.put
    steps, kept = scratch.steps[thread], scratch.kept[thread]
    parent, latest, total = out.parent[thread], out.latest[thread], U(out.total[thread])
    many = ZERO
    for t in range(n):
        s, o = U(low) + (steps[U(t)] >> BITS32), steps[U(t)] & LOW32
        for k in range(len(dim)):
            kept[U(t), k] = (states[s, k] & keep[o, k]) | put[o, k]
    for t in range(n):
        parent[total + many] = U(low) + (steps[U(t)] >> BITS32)
        many += U(sift(kept, t, many, latest, dim))
    out.total[thread] = total + many
    buckets, ordinals, fill = out.words[thread], out.ordinal[thread], out.fill[thread]
    return hand_on(kept, many, total, buckets, ordinals, fill, fullest, dim)


@jit
def expand_plainly(thread, low, high, states, rules, shape, scratch, out, misses, dim_w, dim_e):
    """
    Candidates of states `low` to `high`, where nothing but look-ups is to be done.

    Returns the first state that is not done, and why. After a miss it goes on for a while, only to
    collect more of them.
    """
    known = rules.known
    masks, spans, runs, direct, regions, table = known
    cells = scratch.cells[thread]
    steps, ordinary, guards = scratch.steps[thread], shape.ordinary, shape.guards
    room = steps.size - 2
    capacity = out.words.shape[2]
    taken = out.taken[thread]
    stop = latest_miss = np.int64(-1)
    fullest = n = np.int64(0)
    for shard in range(SHARDS):
        fullest = max(fullest, out.fill[thread, shard])
    for s in range(low, high):
        for k in range(len(dim_w)):
            cells[k] = states[s, k]
        begin = n
        place = U(s - low) << BITS32
        whole = True
        wide = False
        if len(dim_e) > len(dim_w):
            whole = derive(cells, thread, known, shape, np.bool_(False), misses, dim_w, dim_e)
        if whole:
            for i in range(ordinary.size):
                a = U(ordinary[i])  # unsigned: such an index is not checked for being negative
                if shut(cells, a, guards):
                    continue
                j = find(cells, a, masks, spans, runs, direct, regions, table, dim_e)
                if j == EMPTY:
                    miss(thread, np.int64(a), cells, masks, misses, dim_e)
                    whole = False
                elif n + count_of(j) > room:
                    wide = True
                else:
                    # Most have one or none: writing two costs less than asking how many.
                    step = place | (j & LOW32)
                    steps[n] = step
                    steps[n + 1] = step + ONE
                    for q in range(2, count_of(j)):
                        steps[n + q] = step + U(q)
                    n += count_of(j)
        if not whole:
            latest_miss = s
            if stop < 0:
                stop = s
        if stop >= 0:
            n = begin
            if s - stop >= SCAN_ON or s - latest_miss >= SCAN_QUIET:
                break
            continue
        if wide:
            return s, ENDS
        many = n - begin
        if n > TOGETHER or fullest + n > capacity:
            fullest = hand_over(thread, begin, low, fullest, states, rules, scratch, out, dim_w)
            for q in range(many):
                steps[q] = steps[begin + q]
            n = many
            if fullest + n > capacity:
                out.taken[thread] = taken
                return s, SMALL if out.total[thread] == 0 else FULL
        taken += many
        if many == 0:
            dead_end(thread, s, out)
    hand_over(thread, n, low, fullest, states, rules, scratch, out, dim_w)
    out.taken[thread] = taken
    if stop >= 0:
        return stop, MISSED
    return high, DONE


@jit
def keep_steps(thread, state, n, scratch, spare, dim):
    """Keep the ends of a state, if there is room."""
    place, begin = state - spare.low[thread], spare.fill[thread]
    if begin + n > spare.ends.shape[1]:
        return
    for e in range(n):
        for k in range(len(dim)):
            spare.ends[thread, begin + e, k] = scratch.ends[thread, e, k]
        spare.doers[thread, begin + e] = scratch.doers[thread, e]
    spare.begin[thread, place] = begin
    spare.many[thread, place] = n
    spare.fill[thread] = begin + n


@jit
def expand(
    thread,
    low,
    high,
    level_end,
    states,
    rules,
    shape,
    mirror,
    ample,
    watch,
    visited,
    scratch,
    spare,
    out,
    misses,
    dim_w,
    dim_e,
):
    """
    Like `expand_plainly`, with committed steps, symmetry, stubborn sets and step properties.

    After a miss it goes on to the end, and notes which states are open. `reopen` asks about these
    again, since answers raise new questions: a committed step is only seen when the one before it
    is. The steps of the others are spared. So no state is looked at often because of others.
    """
    capacity, stubborn = out.words.shape[2], ample.visible.size > 0
    buckets, ordinals, fill = out.words[thread], out.ordinal[thread], out.fill[thread]
    parent, latest, kept = out.parent[thread], out.latest[thread], scratch.kept[thread]
    total, taken = out.total[thread], out.taken[thread]
    stop = np.int64(-1)
    fullest = np.int64(0)
    opened, room = np.int64(0), misses.rule.shape[1]
    misses.opened[thread] = 0
    for shard in range(SHARDS):
        fullest = max(fullest, fill[shard])
    for s in range(low, high):
        whole = True
        enabled = n = np.int64(0)
        begin = spare.begin[thread, s - spare.low[thread]]
        if begin >= 0:
            n = np.int64(spare.many[thread, s - spare.low[thread]])
            for e in range(n):
                for k in range(len(dim_w)):
                    scratch.ends[thread, e, k] = spare.ends[thread, begin + e, k]
                scratch.doers[thread, e] = spare.doers[thread, begin + e]
            if watch.before.size > 0:
                cells = scratch.cells[thread]
                for k in range(len(dim_w)):
                    cells[k] = states[s, k]
                if len(dim_e) > len(dim_w):
                    derive(cells, thread, rules.known, shape, np.bool_(False), misses, dim_w, dim_e)
        else:
            enabled = gather(states[s], thread, rules, shape, mirror, scratch, misses, dim_w, dim_e)
            if enabled < 0:
                if enabled != -MISSED:
                    return s, -enabled
                whole = False
            else:
                n = scratch.begins[thread, enabled]
        gathered = whole and begin < 0
        if whole:
            if watch.before.size > 0:
                source = states[s]
                whole = watch_steps(
                    source,
                    n,
                    s,
                    stop < 0,
                    thread,
                    rules,
                    shape,
                    watch,
                    scratch,
                    misses,
                    out,
                    dim_w,
                    dim_e,
                )
        if not whole:
            if stop < 0:
                stop = s
            misses.open[thread, opened] = s
            opened += 1
            misses.opened[thread] = opened
            if opened == OPEN or misses.fill[thread] >= room:
                break
        if stop >= 0:
            if gathered and not stubborn:
                keep_steps(thread, s, n, scratch, spare, dim_w)
            continue
        if fullest + n > capacity:
            out.total[thread] = total
            out.taken[thread] = taken
            return s, SMALL if total == 0 else FULL
        reduced = False
        if stubborn and enabled > 1:
            least = choose(enabled, thread, level_end, ample, scratch, visited, states, dim_w)
            reduced = least < enabled
        chosen = many = np.int64(0)
        for e in range(n):
            if reduced and not has(scratch.bits[thread, 0], scratch.doers[thread, e]):
                continue
            for k in range(len(dim_w)):
                kept[chosen, k] = scratch.ends[thread, e, k]
            chosen += 1
        for e in range(chosen):
            parent[total + many] = s
            many += sift(kept, e, many, latest, dim_w)
        fullest = hand_on(kept, many, total, buckets, ordinals, fill, fullest, dim_w)
        total += many
        taken += chosen
        if n == 0:
            dead_end(thread, s, out)
    out.total[thread] = total
    out.taken[thread] = taken
    if stop >= 0:
        return stop, MISSED
    return high, DONE


@jit
def reopen(thread, states, rules, shape, mirror, watch, scratch, out, misses, dim_w, dim_e):
    """Look at the open states again; those of which still something is missing stay open."""
    left = np.int64(0)
    for i in range(misses.opened[thread]):
        s = misses.open[thread, i]
        enabled = gather(states[s], thread, rules, shape, mirror, scratch, misses, dim_w, dim_e)
        whole = enabled != -MISSED
        if enabled > 0 and watch.before.size > 0:
            n = scratch.begins[thread, enabled]
            source = states[s]
            whole = watch_steps(
                source,
                n,
                s,
                np.bool_(False),
                thread,
                rules,
                shape,
                watch,
                scratch,
                misses,
                out,
                dim_w,
                dim_e,
            )
        if not whole:
            misses.open[thread, left] = s
            left += 1
    misses.opened[thread] = left


@jit
def insert(thread, threads, segments, limit, states, visited, out, fresh, resume, dim):
    """
    Put the candidates of this thread's shards into the visited set; False where it must grow.

    A slot is 32 bits of hash and the number of a state, or, marked, the place of a fresh one in
    its shard. Equal hashes are compared in full.
    """
    slots, used = visited.slots, visited.used
    fresh_words, fresh_thread = fresh.words, fresh.thread
    fresh_ordinal, fresh_fill = fresh.ordinal, fresh.fill
    buckets, ordinals, fill, new = out.words, out.ordinal, out.fill, out.new
    capacity = slots.shape[1]
    homes, left = fresh.homes[thread], fresh.left[thread]
    touched = ZERO
    for shard in range(thread * SHARDS // threads, (thread + 1) * SHARDS // threads):
        for t in range(segments):
            end = fill[t, shard]
            for low in range(resume[shard, t], end, AHEAD):
                high = min(end, low + AHEAD)
                # Nothing but reads, so that memory answers many of them at once: of the lines
                # where candidates are looked for, and of the states that these point to.
                for i in range(low, high):
                    left[i - low] = hash_words(buckets[t, shard, i], dim) & LOW32
                    homes[i - low] = home(U(left[i - low]), capacity)
                    touched |= slots[shard, np.int64(homes[i - low])]
                for i in range(low, high):
                    for k in range(LINE):
                        slot = slots[shard, np.int64(homes[i - low]) + k]
                        if slot >> BITS32 == U(left[i - low]) and slot & FRESH == ZERO:
                            touched |= states[np.int64(slot & LOW32), 0]
                for i in range(low, high):
                    tag = U(left[i - low])
                    at = np.int64(homes[i - low])
                    known = False
                    while not known:
                        slot = slots[shard, at]
                        if slot == EMPTY:
                            break
                        if slot >> BITS32 == tag:
                            known = True
                            if slot & FRESH != ZERO:
                                n = np.int64(slot & LOW32 & ~FRESH)
                                for k in range(len(dim)):
                                    if fresh_words[shard, n, k] != buckets[t, shard, i, k]:
                                        known = False
                            else:
                                n = np.int64(slot & LOW32)
                                for k in range(len(dim)):
                                    if states[n, k] != buckets[t, shard, i, k]:
                                        known = False
                        at += 1
                        if at == capacity:
                            at = 0
                    if known:
                        continue
                    if used[shard] >= limit:
                        resume[shard, t] = i
                        return False
                    n = fresh_fill[shard]
                    slots[shard, at] = (tag << BITS32) | FRESH | U(n)
                    used[shard] += 1
                    for k in range(len(dim)):
                        fresh_words[shard, n, k] = buckets[t, shard, i, k]
                    fresh_thread[shard, n] = t
                    fresh_ordinal[shard, n] = ordinals[t, shard, i]
                    fresh_fill[shard] = n + 1
                    new[t, ordinals[t, shard, i]] = 1
            resume[shard, t] = end
    homes[0] = touched  # else the compiler leaves the reads out
    return True


@jit
def insert_bare(thread, threads, segments, limit, visited, out, fresh, resume):
    """Like `insert`, where slots hold states: nothing else is read."""
    slots, used = visited.slots, visited.used
    capacity = slots.shape[1]
    homes, left = fresh.homes[thread], fresh.left[thread]
    touched = ZERO
    for shard in range(thread * SHARDS // threads, (thread + 1) * SHARDS // threads):
        table, total, n = slots[shard], used[shard], fresh.fill[shard]
        fresh_words, fresh_thread = fresh.words[shard], fresh.thread[shard]
        fresh_ordinal = fresh.ordinal[shard]
        for t in range(segments):
            words, ordinals, new = out.words[t, shard], out.ordinal[t, shard], out.new[t]
            end = out.fill[t, shard]
            for low in range(resume[shard, t], end, AHEAD):
                high = min(end, low + AHEAD)
                for i in range(low, high):
                    homes[i - low] = home(hash_low(words[i, 0]), capacity)
                # Nothing but reads, so that memory answers many of them at once.
                for i in range(high - low):
                    touched |= table[homes[i]]
                # Most are known and in their first line: asked without branches.
                many = 0
                for i in range(low, high):
                    at = homes[i - low]
                    left[many] = i
                    known = False
                    for k in range(LINE):
                        known |= table[at + U(k)] == words[i, 0]
                    many += not known
                for m in range(many):
                    i = left[m]
                    word, at = words[i, 0], homes[i - low]
                    while True:
                        known = False
                        full = 0
                        for k in range(LINE):
                            known |= table[at + U(k)] == word
                            full += table[at + U(k)] != EMPTY
                        if known or full < LINE:
                            break
                        at += U(LINE)
                        if at == U(capacity):
                            at = ZERO
                    if known:
                        continue
                    if total >= limit:
                        resume[shard, t] = i
                        used[shard] = total
                        fresh.fill[shard] = n
                        return False
                    table[at + U(full)] = word
                    total += 1
                    fresh_words[n, 0] = word
                    fresh_thread[n] = t
                    fresh_ordinal[n] = ordinals[i]
                    n += 1
                    new[ordinals[i]] = 1
            resume[shard, t] = end
        used[shard] = total
        fresh.fill[shard] = n
    homes[0] = touched  # else the compiler leaves the reads out
    return True


@jit
def number(t, base, limit, parents, out):
    """
    Number the fresh candidates of segment `t`, from `base`, in the order in which they were found.

    Returns the parent of the first that is beyond `limit` (or -1).
    """
    rank = np.int64(base)
    cut = np.int64(-1)
    for n in range(out.total[t]):
        if out.new[t, n]:
            out.new[t, n] = 0
            if rank < limit:
                parents[rank] = out.parent[t, n]
            elif cut < 0:
                cut = np.int64(out.parent[t, n])
            out.parent[t, n] = rank
            rank += 1
    return cut


@jit
def settle(thread, threads, limit, states, visited, out, fresh, dim):
    """Write the fresh states of this thread's shards to their numbers."""
    capacity = visited.slots.shape[1]
    for shard in range(thread * SHARDS // threads, (thread + 1) * SHARDS // threads):
        for n in range(fresh.fill[shard]):
            rank = out.parent[fresh.thread[shard, n], fresh.ordinal[shard, n]]
            if rank < limit:
                for k in range(len(dim)):
                    states[rank, k] = fresh.words[shard, n, k]
            if visited.bare:
                continue
            tag = hash_words(fresh.words[shard, n], dim) & LOW32
            mine = (tag << BITS32) | FRESH | U(n)
            at = np.int64(home(tag, capacity))
            while visited.slots[shard, at] != mine:
                at += 1
                if at == capacity:
                    at = 0
            visited.slots[shard, at] = (tag << BITS32) | U(rank)
        fresh.fill[shard] = 0


@jit
def regrow(old, visited, before, filled):
    """
    Move all slots into a larger table, which may begin where the old one does.

    The last shard comes first, so that none is written to before it was copied to `before`.
    `filled` counts what the lines of a shard hold: no slot has to be looked at for being empty.
    """
    lines = visited.slots.shape[1] // LINE
    for shard in range(SHARDS - 1, -1, -1):
        after = visited.slots[shard]
        for i in range(before.size):
            before[i] = old[shard, i]
        for i in range(after.size):
            after[i] = EMPTY
        for line in range(lines):
            filled[line] = 0
        for i in range(before.size):
            slot = before[i]
            if slot == EMPTY:
                continue
            tag = hash_low(slot) if visited.bare else slot >> BITS32
            at = home(tag, after.size) // U(LINE)
            while filled[at] == LINE:
                at += ONE
                if at == U(lines):
                    at = ZERO
            after[at * U(LINE) + U(filled[at])] = slot
            filled[at] += 1


@jit
def rehash(thread, threads, count, limit, states, visited, dim):
    """
    Enter states that are known to differ, after their packing changed; False where a shard is full.

    Other words have other hashes, so shards may hold more than they did.
    """
    capacity = visited.slots.shape[1]
    for n in range(count):
        h = hash_words(states[n], dim)
        shard = np.int64(h >> SHARD_SHIFT)
        if shard % threads != thread:
            continue
        if visited.used[shard] >= limit:
            return False
        tag = h & LOW32
        at = np.int64(home(tag, capacity))
        while visited.slots[shard, at] != EMPTY:
            at += 1
            if at == capacity:
                at = 0
        visited.slots[shard, at] = states[n, 0] if visited.bare else (tag << BITS32) | U(n)
        visited.used[shard] += 1
    return True


@jit
def check(
    thread,
    low,
    high,
    states,
    parents,
    rules,
    shape,
    which,
    rests,
    resting,
    sign,
    amounts,
    hit,
    met,
    best,
    best_state,
    scratch,
    misses,
    dim_w,
    dim_e,
):
    """
    Ask the properties `which` about states; returns the first state not done, and why.

    `sign` is 0 where the first state that is flagged is looked for (`hit`), 1 or -1 where also the
    least or greatest of `amounts` is; a bound is flagged by a count of 2. A property is not asked
    where the bits that it rests on (`rests`, of all together `resting`) are as in the state from
    which this one was found: there it was asked, and that state comes before.
    """
    known = rules.known
    masks, spans, runs, direct, regions, table = known
    cells = scratch.cells[thread]
    stop = np.int64(-1)
    changed = scratch.next_cells[thread]
    for s in range(low, high):
        parent = parents[s]
        asked = parent == NO_PARENT
        for k in range(len(dim_w)):
            cells[k] = states[s, k]
            changed[k] = ZERO if parent == NO_PARENT else states[s, k] ^ states[parent, k]
            asked |= (changed[k] & resting[k]) != ZERO
        if not asked:
            continue
        whole = True
        if len(dim_e) > len(dim_w):
            whole = derive(cells, thread, known, shape, np.bool_(False), misses, dim_w, dim_e)
        if whole:
            for q in range(which.size):
                if sign[q] == 0 and hit[thread, q] >= 0:
                    continue
                same = parent != NO_PARENT
                for k in range(len(dim_w)):
                    same &= (changed[k] & rests[q, k]) == ZERO
                if same:
                    continue
                j = find(cells, which[q], masks, spans, runs, direct, regions, table, dim_e)
                if j == EMPTY:
                    miss(thread, which[q], cells, masks, misses, dim_e)
                    whole = False
                elif count_of(j) > 0:
                    met[thread, q] = 1
                    if sign[q] == 0:
                        if first_of(j) > 0 and stop < 0:
                            hit[thread, q] = s
                    elif stop < 0:
                        if count_of(j) > 1 and hit[thread, q] < 0:
                            hit[thread, q] = s
                        value = sign[q] * amounts[first_of(j)]
                        if best_state[thread, q] < 0 or value < sign[q] * best[thread, q]:
                            best[thread, q] = sign[q] * value
                            best_state[thread, q] = s
        if not whole and stop < 0:
            stop = s
        if stop >= 0 and s - stop >= SCAN_ON:
            break
    if stop >= 0:
        return stop, MISSED
    return high, DONE


@jit
def decide(thread, low, high, states, rules, shape, which, answers, scratch, misses, dim_w, dim_e):
    """
    Ask one predicate, or none (-1), about each state; returns the first state not done, and why.
    """
    known = rules.known
    masks, spans, runs, direct, regions, table = known
    cells = scratch.cells[thread]
    stop = np.int64(-1)
    for s in range(low, high):
        for k in range(len(dim_w)):
            cells[k] = states[s, k]
        whole = True
        if len(dim_e) > len(dim_w):
            whole = derive(cells, thread, known, shape, np.bool_(False), misses, dim_w, dim_e)
        if whole and which >= 0:
            j = find(cells, which, masks, spans, runs, direct, regions, table, dim_e)
            if j == EMPTY:
                miss(thread, which, cells, masks, misses, dim_e)
                whole = False
            else:
                answers[s] = first_of(j)
        if not whole and stop < 0:
            stop = s
        if stop >= 0 and s - stop >= SCAN_ON:
            break
    if stop >= 0:
        return stop, MISSED
    return high, DONE


@jit
def edges(
    thread,
    low,
    high,
    states,
    rules,
    shape,
    mirror,
    fair,
    visited,
    scratch,
    misses,
    counts,
    targets,
    actions,
    marks,
    dim_w,
    dim_e,
):
    """
    The numbers of the ends of all fair steps of states `low` to `high`, one after another.

    `counts[s]` becomes how many state s has; `marks` are left out where they have no room. Returns
    the first state not done, why, and how many edges there are.
    """
    n = np.int64(0)
    for s in range(low, high):
        enabled = gather(states[s], thread, rules, shape, mirror, scratch, misses, dim_w, dim_e)
        if enabled < 0:
            return s, -enabled, n
        many = scratch.begins[thread, enabled]
        if n + many > targets.size:
            return s, FULL, n
        mine = np.int64(0)
        for e in range(many):
            if fair[scratch.doers[thread, e]]:
                targets[n] = state_number(scratch.ends[thread, e], visited.slots, states, dim_w)
                actions[n] = scratch.doers[thread, e]
                if marks.size > 0:
                    marks[n] = scratch.marks[thread, e]
                n += 1
                mine += 1
        counts[s] = mine
    return high, DONE, n


@jit
def edges_plainly(
    thread,
    low,
    high,
    states,
    rules,
    shape,
    fair,
    visited,
    scratch,
    misses,
    counts,
    targets,
    actions,
    dim_w,
    dim_e,
):
    """Like `edges`, where nothing but look-ups is to be done."""
    known = rules.known
    masks, spans, runs, direct, regions, table = known
    keep, put, doer, ordinary = rules.keep, rules.put, rules.doer, shape.ordinary
    cells, following, slots = scratch.cells[thread], scratch.next_cells[thread], visited.slots
    n = np.int64(0)
    for s in range(low, high):
        for k in range(len(dim_w)):
            cells[k] = states[s, k]
        begin = n
        if len(dim_e) > len(dim_w):
            if not derive(cells, thread, known, shape, np.bool_(False), misses, dim_w, dim_e):
                return s, MISSED, begin
        for i in range(ordinary.size):
            if shut(cells, ordinary[i], shape.guards):
                continue
            j = find(cells, ordinary[i], masks, spans, runs, direct, regions, table, dim_e)
            if j == EMPTY:
                miss(thread, ordinary[i], cells, masks, misses, dim_e)
                return s, MISSED, begin
            if n + count_of(j) > targets.size:
                return s, FULL, begin
            for o in range(first_of(j), first_of(j) + count_of(j)):
                if fair[doer[o]]:
                    for k in range(len(dim_w)):
                        following[k] = (cells[k] & keep[o, k]) | put[o, k]
                    targets[n] = state_number(following, slots, states, dim_w)
                    actions[n] = doer[o]
                    n += 1
        counts[s] = n - begin
    return high, DONE, n
