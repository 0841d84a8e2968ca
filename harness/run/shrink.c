#include "run/shrink.h"

#include <stdlib.h>

#include "base/check.h"
#include "run/shrink_internal.h"
#include "session/depend.h"
#include "session/print.h"

enum {
  TEXT_MAX = 256 << 20,
  WHY_MAX = 64 << 10,
  FIRST_PLAYS = 3, /* to see whether it fails always */
  SURE_PLAYS = 4,  /* that all have to fail in the end, where it does */
  MORE_TRIES = 5,  /* of each candidate, when it doesn't */
  SEEDS = 16       /* that random cuts are made of, until some show it */
};

static void end(struct shrink *s, enum shrink_end how) {
  s->over = true;
  s->r->end = how;
}

static bool is_random(const struct delivery *d) {
  return strcmp(d->kind->name, "random") == 0;
}

static uint64_t seed_of(const struct shrink *s, const char *id) {
  return rng_mix(s->r->seed, span_str(id));
}

/* One play; a verdict without meaning when nothing more is to be played. */
static struct verdict play(struct shrink *s, struct trial *t, const struct session *session,
                           const struct delivery *d, uint64_t seed) {
  if (!s->over && *s->o->stop)
    end(s, SHRINK_INTERRUPTED);
  if (!s->over && s->r->plays >= s->o->plays)
    end(s, SHRINK_SPENT);
  if (s->over)
    return (struct verdict){.status = VERDICT_ERROR, .kind = KIND_INTERRUPTED};
  s->r->plays++;
  struct verdict v = trial_play(t, session, d, seed);
  if (v.kind == KIND_SETUP) {
    buf_addf(&s->r->why, "%s\n%s", v.brief, v.detail);
    end(s, SHRINK_NO_SERVER);
  } else if (*s->o->stop) { /* it may be what ended the server */
    end(s, SHRINK_INTERRUPTED);
  }
  return v;
}

static bool fails_so(struct shrink *s, const struct session *session, const struct delivery *d,
                     uint64_t seed) {
  struct verdict v = play(s, s->o->server, session, d, seed);
  bool so = false;
  if (!s->over && v.status != VERDICT_PASS) {
    struct signature g = signature_of(&v, session);
    so = signature_same(&g, &s->r->signature);
    signature_fini(&g);
  }
  verdict_fini(&v);
  return so;
}

bool shrink_shows(struct shrink *s, const struct session *session, const struct delivery *d) {
  uint64_t seed = s->r->seed;
  for (unsigned k = 0; k < (is_random(d) ? SEEDS : 1); k++, s->r->seed++)
    for (unsigned i = 0; i < s->r->tries && !s->over; i++)
      if (fails_so(s, session, d, seed_of(s, s->o->new_id)))
        return true;
  s->r->seed = seed;
  return false;
}

bool shrink_shows_surely(struct shrink *s, const struct session *session,
                         const struct delivery *d) {
  if (s->r->shown < s->r->tried)
    return shrink_shows(s, session, d);
  for (unsigned i = 0; i < SURE_PLAYS; i++)
    if (!fails_so(s, session, d, seed_of(s, s->o->new_id)))
      return false;
  return true;
}

static bool passes(struct shrink *s, struct trial *t, const struct session *session,
                   const struct delivery *d) {
  struct verdict v = play(s, t, session, d, seed_of(s, s->o->new_id));
  bool pass = v.status == VERDICT_PASS;
  verdict_fini(&v);
  return pass && !s->over;
}

/* Whether the session still expects what is right. */
static bool is_vouched_for(struct shrink *s, const struct session *session) {
  switch (s->r->voucher) {
  case VOUCHER_REFERENCE:
    return passes(s, s->o->reference, session, &s->r->delivery);
  case VOUCHER_DELIVERY:
    return passes(s, s->o->server, session, &s->r->voucher_delivery);
  case VOUCHER_NONE:
    break;
  }
  return true;
}

static bool is_refused(struct shrink *s, uint64_t hash) {
  for (size_t i = 0; i < s->refused.n; i++)
    if (*(const uint64_t *)vec_at(&s->refused, i) == hash)
      return true;
  return false;
}

static struct draft *draft_of(const struct shrink *s, struct span text) {
  struct diag diag;
  diag_init(&diag);
  struct draft *d = draft_new(text, s->o->file, s->o->loader, &diag);
  diag_fini(&diag);
  return d;
}

struct draft *shrink_draft(const struct shrink *s) {
  struct draft *d = draft_of(s, buf_span(&s->best->text));
  CHECK(d);
  return d;
}

/* Remembers the best, to come back to. */
static void note_step(struct shrink *s) {
  struct shrink_step *step = vec_push(&s->steps);
  struct buf text;
  buf_init(&text, TEXT_MAX);
  buf_add_span(&text, buf_span(&s->best->text));
  *step = (struct shrink_step){buf_take(&text), s->r->delivery, s->r->seed};
}

bool shrink_try(struct shrink *s, const struct buf *text) {
  if (s->over || text->failed || span_eq(buf_span(text), buf_span(&s->best->text)))
    return false;
  uint64_t hash = rng_mix(0, buf_span(text));
  if (is_refused(s, hash))
    return false;
  struct draft *d = draft_of(s, buf_span(text));
  uint64_t seed = s->r->seed;
  if (d && shrink_shows(s, d->session, &s->r->delivery) && is_vouched_for(s, d->session)) {
    draft_free(s->best);
    s->best = d;
    note_step(s);
    s->o->progress(s->o->arg, d, s->r->plays);
    return true;
  }
  draft_free(d);
  s->r->seed = seed;
  if (!s->over)
    *(uint64_t *)vec_push(&s->refused) = hash;
  return false;
}

bool shrink_may_change(const struct shrink *s) {
  const char *field = s->r->signature.field;
  return s->r->voucher != VOUCHER_NONE ||
         (depend_is_plain(s->best) && !(field && strcmp(field, "status") == 0));
}

/* Plays it as it is. */
static void take_signature(struct shrink *s) {
  struct shrink_result *r = s->r;
  for (r->tried = 0; r->tried < FIRST_PLAYS && !s->over; r->tried++) {
    struct verdict v =
        play(s, s->o->server, s->best->session, s->o->delivery, seed_of(s, s->o->id));
    if (!s->over && v.status != VERDICT_PASS) {
      struct signature g = signature_of(&v, s->best->session);
      if (r->shown == 0)
        r->signature = g;
      r->shown += signature_same(&g, &r->signature);
      if (g.how != r->signature.how)
        signature_fini(&g);
    }
    verdict_fini(&v);
  }
  if (!s->over && r->shown == 0)
    end(s, SHRINK_PASSES);
  r->tries = s->o->tries ? s->o->tries : r->shown == FIRST_PLAYS ? 1 : MORE_TRIES;
}

/* Looks for what can vouch for shorter sessions. */
static void find_voucher(struct shrink *s) {
  static const char *const names[] = {"whole", "pipelined", "half-close", "bytewise"};
  struct shrink_result *r = s->r;
  if (s->o->reference) {
    struct verdict v =
        play(s, s->o->reference, s->best->session, &r->delivery, seed_of(s, s->o->id));
    if (!s->over && v.status != VERDICT_PASS) {
      buf_addf(&r->why, "%s: %s", verdict_kind_name(v.kind), v.brief);
      end(s, SHRINK_REFERENCE_FAILS);
    }
    verdict_fini(&v);
    r->voucher = VOUCHER_REFERENCE;
    return;
  }
  for (size_t i = 0; i < sizeof names / sizeof *names && !s->over; i++) {
    struct buf why;
    buf_init(&why, WHY_MAX);
    CHECK(delivery_parse(span_str(names[i]), &r->voucher_delivery, &why));
    buf_fini(&why);
    char *not_under = plan_not_under(s->best->session, &r->voucher_delivery);
    bool fits = !not_under && strcmp(names[i], r->delivery.name) != 0;
    free(not_under);
    /* What comes and goes may pass by chance. */
    unsigned again = r->shown < r->tried ? MORE_TRIES : 1;
    for (; fits && again > 0; again--)
      fits = passes(s, s->o->server, s->best->session, &r->voucher_delivery);
    if (fits) {
      r->voucher = VOUCHER_DELIVERY;
      return;
    }
  }
}

static void start(struct shrink *s) {
  take_signature(s);
  if (!s->over)
    find_voucher(s);
  if (s->over || !is_random(s->o->delivery))
    return;
  /* Fixed cuts stay where they are in a session that gets shorter. Random ones are others in the
   * new file, which has another id. */
  if (!shrink_delivery(s) && !shrink_shows(s, s->best->session, &s->r->delivery) && !s->over)
    end(s, SHRINK_CUTS_LOST);
}

static bool is_shorter(const struct shrink_size *a, const struct draft *d) {
  return d->requests < a->requests || d->bytes < a->bytes;
}

static void shrink_all(struct shrink *s) {
  bool simpler;
  do {
    struct shrink_size before;
    do {
      before = (struct shrink_size){s->best->requests, s->best->bytes};
      shrink_frames(s);
      shrink_values(s);
    } while (!s->over && is_shorter(&before, s->best));
    simpler = !s->over && shrink_delivery(s);
    if (simpler)
      note_step(s);
    s->refused.n = 0;
  } while (simpler);
}

/* At the bound of a value, or under a delivery that has become simpler, it may hang on a hair: goes
 * back to the last step that fails each time, if the whole did. */
static void settle(struct shrink *s) {
  uint64_t seed = s->r->seed;
  for (size_t i = s->steps.n; i > 0 && !s->over; i--) {
    const struct shrink_step *step = vec_at(&s->steps, i - 1);
    struct draft *d = draft_of(s, span_str(step->text));
    s->r->seed = step->seed;
    if (shrink_shows_surely(s, d->session, &step->delivery)) {
      draft_free(s->best);
      s->best = d;
      s->r->delivery = step->delivery;
      return;
    }
    draft_free(d);
  }
  s->r->seed = seed;
}

static void take_result(struct shrink *s) {
  print_session(&s->r->text, s->best->session);
  s->r->after = (struct shrink_size){s->best->requests, s->best->bytes};
}

void shrink_run(const struct shrink_options *o, struct shrink_result *r) {
  struct shrink s = {.o = o, .r = r};
  *r = (struct shrink_result){.delivery = *o->delivery, .seed = o->seed, .tries = 1};
  buf_init(&r->text, TEXT_MAX);
  buf_init(&r->why, WHY_MAX);
  vec_init(&s.refused, sizeof(uint64_t));
  vec_init(&s.steps, sizeof(struct shrink_step));
  s.best = draft_of(&s, o->text);
  s.whole = draft_of(&s, o->text);
  CHECK(s.best && s.whole);
  r->before = (struct shrink_size){s.best->requests, s.best->bytes};
  start(&s);
  note_step(&s);
  if (!s.over)
    shrink_all(&s);
  if (!s.over)
    settle(&s);
  take_result(&s);
  for (size_t i = 0; i < s.steps.n; i++)
    free(((struct shrink_step *)vec_at(&s.steps, i))->text);
  vec_fini(&s.steps);
  draft_free(s.best);
  draft_free(s.whole);
  vec_fini(&s.refused);
}

void shrink_result_fini(struct shrink_result *r) {
  signature_fini(&r->signature);
  buf_fini(&r->text);
  buf_fini(&r->why);
}
