/* Walking a program without unrolling it gives what unrolling gives: for all steps, and for the
 * expectations of each connection. */
#include "session/cursor.h"

#include "base/rng.h"
#include "compiled.h"

enum { TRACE_MAX = 1 << 16, CONNS = 3 };

/* The oracle: unrolls by recursion. Only what `conn` expects, or all for 0. */
static void unroll(struct buf *out, const struct session *s, size_t from, size_t to,
                   uint64_t counters[SESSION_LOOPS], unsigned conn) {
  for (size_t pc = from; pc < to; pc++) {
    const struct step *step = &s->steps[pc];
    if (step->kind == STEP_LOOP) {
      for (uint64_t i = 0; i < step->count; i++) {
        counters[step->loop] = i;
        unroll(out, s, pc + 1, step->partner, counters, conn);
      }
      pc = step->partner;
    } else if (conn == 0 || (step->conn == conn && step_expects(step))) {
      buf_addf(out, "%zu:", pc);
      for (size_t i = 0; i < pc; i++)
        if (s->steps[i].kind == STEP_LOOP && s->steps[i].partner > pc)
          buf_addf(out, "%llu,", (unsigned long long)counters[s->steps[i].loop]);
      buf_add_byte(out, ' ');
    }
  }
}

static void walk(struct buf *out, const struct session *s, unsigned conn) {
  struct cursor c = cursor_of(s);
  const struct step *step;
  while ((step = conn ? cursor_expect(&c, conn) : cursor_step(&c)) && !out->failed) {
    size_t pc = (size_t)(step - s->steps);
    ck_assert_ptr_eq(conn ? cursor_expect(&c, conn) : cursor_step(&c), step); /* does not move */
    buf_addf(out, "%zu:", pc);
    for (size_t i = 0; i < pc; i++)
      if (s->steps[i].kind == STEP_LOOP && s->steps[i].partner > pc)
        buf_addf(out, "%llu,", (unsigned long long)c.counters[s->steps[i].loop]);
    buf_add_byte(out, ' ');
    cursor_next(&c);
  }
  ck_assert_ptr_null(conn ? cursor_expect(&c, conn) : cursor_step(&c)); /* stays at the end */
}

static void check_walks(const struct session *s, const char *text) {
  for (unsigned conn = 0; conn <= CONNS; conn++) {
    struct buf got, want;
    uint64_t counters[SESSION_LOOPS] = {0};
    buf_init(&got, TRACE_MAX);
    buf_init(&want, TRACE_MAX);
    unroll(&want, s, 0, s->nsteps, counters, conn);
    walk(&got, s, conn);
    if (!span_eq(buf_span(&got), buf_span(&want)))
      ck_abort_msg("%s\nc%u: %s\nnot %s", text, conn, buf_cstr(&got), buf_cstr(&want));
    buf_fini(&got);
    buf_fini(&want);
  }
}

static const char *const sessions[] = {
    "c1 > noop\nc1 < noop\nc2 < get",
    "repeat 3 {\nc1 < noop\n}",
    "repeat 1 {\nc1 > noop\n}\nc1 < noop",
    ("repeat 2 as i {\nc1 > noop opaque=$i\nrepeat 3 as j {\nc2 < noop opaque=$j\n}\nc1 < get\n}\n"
     "c2 < get"),
    "repeat 2 {\nrepeat 2 {\nrepeat 2 {\nrepeat 2 {\nc1 < noop\n}\n}\nc2 < noop\n}\n}",
    "repeat 2 {\nrepeat 2 {\nc1 < noop\n}\nrepeat 2 {\nc2 < noop\n}\n}",
    "repeat 2 {\neither {\nc1 < noop\n} or {\nc1 < get\n}\neach {\nc2 < noop\n}\nc2 < get\n}",
};

/* Of two places that the walk comes to, the one that it comes to first is before the other. */
START_TEST(places_are_in_the_order_of_the_walk) {
  enum { PLACES = 64 };
  struct session *s = compiled(sessions[_i]);
  struct cursor places[PLACES], c = cursor_of(s);
  size_t n = 0;
  for (; cursor_step(&c) && n < PLACES; cursor_next(&c))
    places[n++] = c;
  ck_assert_uint_gt(n, 1);
  for (size_t a = 0; a < n; a++)
    for (size_t b = 0; b < n; b++)
      ck_assert_msg(cursor_before(&places[a], &places[b]) == (a < b), "%s: places %zu and %zu",
                    sessions[_i], a, b);
  session_free(s);
}
END_TEST

START_TEST(walks_as_if_unrolled) {
  struct session *s = compiled(sessions[_i]);
  check_walks(s, sessions[_i]);
  session_free(s);
}
END_TEST

static void random_steps(struct rng *r, struct buf *out, unsigned depth) {
  for (uint64_t n = 1 + rng_below(r, 3); n > 0; n--) {
    if (depth < SESSION_LOOPS && rng_below(r, 3) == 0) {
      buf_addf(out, "repeat %u {\n", 1 + (unsigned)rng_below(r, 3));
      random_steps(r, out, depth + 1);
      buf_add_str(out, "}\n");
    } else {
      buf_addf(out, "c%u %c noop\n", 1 + (unsigned)rng_below(r, CONNS),
               rng_below(r, 3) ? '<' : '>');
    }
  }
}

START_TEST(random_programs_walk_as_if_unrolled) {
  struct rng r = rng_of(3);
  for (unsigned round = 0; round < 500; round++) {
    struct buf steps;
    buf_init(&steps, TRACE_MAX);
    random_steps(&r, &steps, 0);
    struct session *s = compiled(buf_cstr(&steps));
    check_walks(s, buf_cstr(&steps));
    session_free(s);
    buf_fini(&steps);
  }
}
END_TEST

/* A loop that holds nothing for a connection is passed over at once, however often it runs. */
START_TEST(loops_without_answers_cost_nothing) {
  struct session *s = compiled("repeat 4294967295 {\nrepeat 4294967295 {\nc1 > noop\n}\nc2 < noop\n"
                               "}\nc1 < noop");
  struct cursor c = cursor_of(s);
  ck_assert_ptr_eq(cursor_expect(&c, 1), &s->steps[6]);
  c = cursor_of(s);
  for (unsigned i = 0; i < 1000; i++) {
    ck_assert_ptr_eq(cursor_expect(&c, 2), &s->steps[4]);
    ck_assert_uint_eq(c.counters[0], i);
    cursor_next(&c);
  }
  session_free(s);
}
END_TEST

/* As reports count them: a loop is a step, its end is none. */
START_TEST(steps_have_numbers) {
  static const size_t places[] = {0, 1, 2, 4, 5};
  struct session *s = compiled("c1 > noop\nrepeat 2 {\nc1 < noop\n}\nc1 > noop\nc1 < noop");
  unsigned steps;
  for (unsigned i = 0; i < 5; i++) {
    ck_assert_ptr_eq(step_numbered(s, i + 1, &steps), &s->steps[places[i]]);
    ck_assert_uint_eq(steps, 5);
  }
  ck_assert_ptr_null(step_numbered(s, 0, &steps));
  ck_assert_ptr_null(step_numbered(s, 6, &steps));
  ck_assert_uint_eq(steps, 5);
  session_free(s);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("cursor");
  TCase *t = tcase_create("cursor");
  tcase_set_timeout(t, 60);
  tcase_add_loop_test(t, walks_as_if_unrolled, 0, sizeof sessions / sizeof *sessions);
  tcase_add_loop_test(t, places_are_in_the_order_of_the_walk, 0,
                      sizeof sessions / sizeof *sessions);
  tcase_add_test(t, random_programs_walk_as_if_unrolled);
  tcase_add_test(t, loops_without_answers_cost_nothing);
  tcase_add_test(t, steps_have_numbers);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
