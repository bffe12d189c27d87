/*
 * The benchmark system `rollout` for SPIN: a rolling update of a Deployment, with one counter per class of pod and
 * per ReplicaSet. The same system as prototype/rollout.tla, action for action; it is a benchmark and no faithful
 * Deployment.
 *
 * Sizes come from -D: REPLICAS (N), SURGE (S), UNAVAILABLE (U), REVISIONS (1 to 4) and CRASHES.
 *
 * What makes the counts comparable. There is one process, which sits at one control point, and an action is one
 * d_step: so a SPIN state is an assignment to the variables below and a SPIN transition is one action. Nothing is left
 * for partial-order reduction, which is switched off all the same (-DNOREDUCE). The scratch variables are `hidden`:
 * they are no part of the state, and each d_step that reads one has written it before.
 *
 * SPIN prints one state and two transitions more than this table: it stores the state before the initial values are
 * set, takes a step to set them, and counts the very first state as a transition ("stored+matched").
 *
 *   REPLICAS SURGE UNAVAILABLE REVISIONS CRASHES     distinct states   transitions
 *       2      1        1          2        1                 1,684         5,887
 *       3      1        1          2        1                 7,384        27,787
 *       4      1        1          3        1             6,742,093    39,059,459
 */

#ifndef REPLICAS
#define REPLICAS 2
#endif
#ifndef SURGE
#define SURGE 1
#endif
#ifndef UNAVAILABLE
#define UNAVAILABLE 1
#endif
#ifndef REVISIONS
#define REVISIONS 2
#endif
#ifndef CRASHES
#define CRASHES 1
#endif

/*
 * Bits per counter. Bit fields would wrap around in silence, so they must hold the largest value: a size never exceeds
 * REPLICAS (scaling up stops there), and a ReplicaSet creates at most REPLICAS pods in its life, because its size only
 * grows while it is the new one and only shrinks afterwards.
 */
#if REPLICAS <= 7
#define BITS 3
#elif REPLICAS <= 15
#define BITS 4
#else
#error "rollout.pml: REPLICAS must be 15 or less"
#endif
#if CRASHES > 15
#error "rollout.pml: CRASHES must be 15 or less"
#endif

/* Seven counters of three bits share one 32-bit word. */
typedef ReplicaSet {
    unsigned spec : BITS;             /* the size asked for */
    unsigned status_replicas : BITS;  /* what its last sync reported */
    unsigned status_available : BITS;
    unsigned pending : BITS;          /* the four classes of its pods */
    unsigned running : BITS;          /* started, not yet (or no longer) available */
    unsigned available : BITS;
    unsigned terminating : BITS
};

ReplicaSet rs[REVISIONS];
unsigned newest : 2;                  /* index of the ReplicaSet that the Deployment rolls out */
unsigned crashes_left : 4 = CRASHES;

hidden int remaining;
hidden int cut;

#define MIN(x, y) ((x) < (y) -> (x) : (y))
#define ACTIVE(i) (rs[i].pending + rs[i].running + rs[i].available)

/* Over all revisions: a sum, and whether `condition` is true of some ReplicaSet but the newest. */
#if REVISIONS == 1
#define SUM(field) (rs[0].field)
#define SOME_OLD(condition) (newest != 0 && condition(0))
#elif REVISIONS == 2
#define SUM(field) (rs[0].field + rs[1].field)
#define SOME_OLD(condition) ((newest != 0 && condition(0)) || (newest != 1 && condition(1)))
#elif REVISIONS == 3
#define SUM(field) (rs[0].field + rs[1].field + rs[2].field)
#define SOME_OLD(condition) \
    ((newest != 0 && condition(0)) || (newest != 1 && condition(1)) || (newest != 2 && condition(2)))
#elif REVISIONS == 4
#define SUM(field) (rs[0].field + rs[1].field + rs[2].field + rs[3].field)
#define SOME_OLD(condition) \
    ((newest != 0 && condition(0)) || (newest != 1 && condition(1)) || \
     (newest != 2 && condition(2)) || (newest != 3 && condition(3)))
#else
#error "rollout.pml: REVISIONS must be 1, 2, 3 or 4"
#endif

/* ---- kubelet ---- */

inline start(i) {
    d_step { rs[i].pending > 0 -> rs[i].pending--; rs[i].running++ }
}

inline become_available(i) {
    d_step { rs[i].running > 0 -> rs[i].running--; rs[i].available++ }
}

inline crash(i) {
    d_step { rs[i].available > 0 && crashes_left > 0 -> crashes_left--; rs[i].available--; rs[i].running++ }
}

inline go_away(i) {
    d_step { rs[i].terminating > 0 -> rs[i].terminating-- }
}

/* ---- ReplicaSet controller ---- */

/* Creates what is missing or deletes what is too many (pending first, available last), and reports what it saw. */
inline sync(i) {
    d_step {
        (ACTIVE(i) != rs[i].spec ||
         rs[i].status_replicas != ACTIVE(i) ||
         rs[i].status_available != rs[i].available) ->
        rs[i].status_replicas = ACTIVE(i);
        rs[i].status_available = rs[i].available;
        remaining = ACTIVE(i) - rs[i].spec;
        if
        :: remaining < 0 -> rs[i].pending = rs[i].pending - remaining
        :: remaining > 0 ->
            rs[i].terminating = rs[i].terminating + remaining;
            cut = MIN(rs[i].pending, remaining);
            rs[i].pending = rs[i].pending - cut;
            remaining = remaining - cut;
            cut = MIN(rs[i].running, remaining);
            rs[i].running = rs[i].running - cut;
            rs[i].available = rs[i].available - (remaining - cut)
        :: else
        fi
    }
}

/* ---- user ---- */

inline update_template() {
    d_step { newest < REVISIONS - 1 -> newest++ }
}

/* ---- Deployment controller ---- */

#define MAY_SCALE_UP (rs[newest].spec < REPLICAS && SUM(spec) < REPLICAS + SURGE)

inline scale_up() {
    d_step {
        MAY_SCALE_UP ->
        remaining = REPLICAS + SURGE - SUM(spec);
        cut = REPLICAS - rs[newest].spec;
        rs[newest].spec = rs[newest].spec + MIN(remaining, cut)
    }
}

#define MIN_AVAILABLE (REPLICAS - UNAVAILABLE)
#define MAY_CLEAN_UP (SUM(spec) - MIN_AVAILABLE - (rs[newest].spec - rs[newest].status_available))
#define MAY_SCALE_DOWN (SUM(status_available) - MIN_AVAILABLE)
#define HAS_UNAVAILABLE(i) (rs[i].spec > rs[i].status_available)
#define HAS_SIZE(i) (rs[i].spec > 0)

inline clean_up(i) {
    if
    :: newest != i && remaining > 0 && HAS_UNAVAILABLE(i) ->
        cut = rs[i].spec - rs[i].status_available;
        cut = MIN(remaining, cut);
        rs[i].spec = rs[i].spec - cut;
        remaining = remaining - cut
    :: else
    fi
}

inline shrink(i) {
    if
    :: newest != i && remaining > 0 ->
        cut = MIN(remaining, rs[i].spec);
        rs[i].spec = rs[i].spec - cut;
        remaining = remaining - cut
    :: else
    fi
}

/* The guard says that the step changes a size: its first half does, or its second half does. */
inline scale_down() {
    d_step {
        (!MAY_SCALE_UP && MAY_CLEAN_UP > 0 &&
         (SOME_OLD(HAS_UNAVAILABLE) || (MAY_SCALE_DOWN > 0 && SOME_OLD(HAS_SIZE)))) ->
        remaining = MAY_CLEAN_UP;
        clean_up(0);
#if REVISIONS > 1
        clean_up(1);
#endif
#if REVISIONS > 2
        clean_up(2);
#endif
#if REVISIONS > 3
        clean_up(3);
#endif
        remaining = MAY_SCALE_DOWN;
        shrink(0);
#if REVISIONS > 1
        shrink(1);
#endif
#if REVISIONS > 2
        shrink(2);
#endif
#if REVISIONS > 3
        shrink(3);
#endif
    }
}

/*
 * The invariant: the sizes never add up to more than replicas + maxSurge. It is an option of the loop that is enabled
 * only where it is broken. So SPIN evaluates it once in every state, the initial one included, as we do, and it adds
 * neither a state nor a transition while it holds. It costs 2% or so, less than the noise. The other ways are worse or
 * say less: an assertion behind every action is evaluated once per transition, six times as often; one only behind the
 * two actions that write a size takes on trust that no other does; a never claim is a second automaton, which moves at
 * every step and adds its control point to the state.
 */
inline check() {
    d_step { SUM(spec) > REPLICAS + SURGE -> assert(false) }
}

#define ACTIONS_OF(i) :: start(i) :: become_available(i) :: crash(i) :: go_away(i) :: sync(i)

/* The first d_step sets the initial state, revision 0 rolled out: a declaration cannot for one member of an array. */
active proctype rollout() {
    d_step {
        rs[0].spec = REPLICAS;
        rs[0].status_replicas = REPLICAS;
        rs[0].status_available = REPLICAS;
        rs[0].available = REPLICAS
    };
end:
    do
    :: check()
    ACTIONS_OF(0)
#if REVISIONS > 1
    ACTIONS_OF(1)
#endif
#if REVISIONS > 2
    ACTIONS_OF(2)
#endif
#if REVISIONS > 3
    ACTIONS_OF(3)
#endif
    :: update_template()
    :: scale_up()
    :: scale_down()
    od
}
