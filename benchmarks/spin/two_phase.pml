/*
 * Two-phase commit for SPIN, after TwoPhase.tla of the TLA+ Examples (specifications/transaction_commit): resource
 * managers prepare or give up, and a transaction manager commits if all are prepared or aborts whenever it likes.
 * As there, a message once sent stays in the set of messages for ever, and receiving it again is a step (which may
 * change nothing).
 *
 * The number of resource managers comes from -D: MANAGERS (1 to 12).
 *
 * What makes the counts comparable: see rollout.pml. Here the initial state is that of the declarations, so SPIN stores
 * no state more. It counts one transition more, because it takes each stored state, the first included, for the end of
 * one.
 *
 *   MANAGERS    distinct states   transitions
 *       3                   288         1,145
 *       5                 8,832        58,145
 *       7               296,448     2,744,705
 *       8             1,745,408    18,507,777
 */

#ifndef MANAGERS
#define MANAGERS 3
#endif
#if MANAGERS < 1 || MANAGERS > 12
#error "two_phase.pml: MANAGERS must be from 1 to 12"
#endif

#define ALL ((1 << MANAGERS) - 1)
#define ONE(i) (1 << (i))

/*
 * Sets of managers, a bit each. A manager is
 *   working    in neither of the first two,
 *   prepared   in `willing`,
 *   committed  in both,
 *   aborted    in `finished` only.
 */
unsigned willing : MANAGERS;
unsigned finished : MANAGERS;
unsigned said_prepared : MANAGERS;   /* the "Prepared" messages sent, */
unsigned known_prepared : MANAGERS;  /* and those that the transaction manager has received */

/* The transaction manager's decision. It sends it in the same step, so a bit is both its state and the message. */
bit said_commit;
bit said_abort;

#define UNDECIDED (!said_commit && !said_abort)

/* ---- transaction manager ---- */

inline decide_commit() {
    d_step { UNDECIDED && known_prepared == ALL -> said_commit = 1 }
}

inline decide_abort() {
    d_step { UNDECIDED -> said_abort = 1 }
}

inline receive_prepared(i) {
    d_step { UNDECIDED && (said_prepared & ONE(i)) != 0 -> known_prepared = known_prepared | ONE(i) }
}

/* ---- resource managers ---- */

#define WORKING(i) (((willing | finished) & ONE(i)) == 0)

inline prepare(i) {
    d_step {
        WORKING(i) ->
        willing = willing | ONE(i);
        said_prepared = said_prepared | ONE(i)
    }
}

inline choose_to_abort(i) {
    d_step { WORKING(i) -> finished = finished | ONE(i) }
}

/* Whatever its state was, as in the original: that a manager never changes its mind is for the checker to find out. */
inline receive_commit(i) {
    d_step {
        said_commit ->
        willing = willing | ONE(i);
        finished = finished | ONE(i)
    }
}

inline receive_abort(i) {
    d_step {
        said_abort ->
        willing = willing & ~ONE(i);
        finished = finished | ONE(i)
    }
}

/* The invariant: no manager has committed while another has aborted. Why as an option of the loop: see rollout.pml. */
#define SOME_COMMITTED ((finished & willing) != 0)
#define SOME_ABORTED ((finished & ~willing) != 0)

inline check() {
    d_step { SOME_COMMITTED && SOME_ABORTED -> assert(false) }
}

#define ACTIONS_OF(i) \
    :: receive_prepared(i) :: prepare(i) :: choose_to_abort(i) :: receive_commit(i) :: receive_abort(i)

active proctype two_phase() {
end:
    do
    :: check()
    :: decide_commit()
    :: decide_abort()
    ACTIONS_OF(0)
#if MANAGERS > 1
    ACTIONS_OF(1)
#endif
#if MANAGERS > 2
    ACTIONS_OF(2)
#endif
#if MANAGERS > 3
    ACTIONS_OF(3)
#endif
#if MANAGERS > 4
    ACTIONS_OF(4)
#endif
#if MANAGERS > 5
    ACTIONS_OF(5)
#endif
#if MANAGERS > 6
    ACTIONS_OF(6)
#endif
#if MANAGERS > 7
    ACTIONS_OF(7)
#endif
#if MANAGERS > 8
    ACTIONS_OF(8)
#endif
#if MANAGERS > 9
    ACTIONS_OF(9)
#endif
#if MANAGERS > 10
    ACTIONS_OF(10)
#endif
#if MANAGERS > 11
    ACTIONS_OF(11)
#endif
    od
}
