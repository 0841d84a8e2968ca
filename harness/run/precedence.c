#include "run/precedence.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/vec.h"

enum { PLACE_BITS = 16, PLACES = 1 << PLACE_BITS };

struct place {
  struct asker writer, reader;
};

struct precedence {
  struct vec wide; /* of struct asker: the last requests of connections that concern all items */
  struct place places[PLACES];
};

static const struct asker nobody = {ASKER_NOBODY, 0}, many = {ASKER_MANY, 0};

struct precedence *precedence_new(void) {
  struct precedence *p = xcalloc(1, sizeof *p);
  vec_init(&p->wide, sizeof(struct asker));
  return p;
}

void precedence_free(struct precedence *p) {
  vec_fini(&p->wide);
  free(p);
}

static size_t place_of(struct span key) {
  const uint64_t factor = 0x9e3779b97f4a7c15u;
  uint64_t hash = key.n, word;
  for (; key.n >= sizeof word; key = span_from(key, sizeof word)) {
    memcpy(&word, key.p, sizeof word);
    hash = (hash ^ word) * factor;
    hash ^= hash >> 32;
  }
  word = 0;
  for (size_t i = 0; i < key.n; i++)
    word = word << 8 | key.p[i];
  return (size_t)((hash ^ word) * factor >> (64 - PLACE_BITS));
}

static bool has_key(enum effect effect) {
  return effect == EFFECT_READ || effect == EFFECT_WHOLE || effect == EFFECT_DERIVE;
}

struct touch precedence_touch(const struct frame *request) {
  bool known = request && request->h.magic == MAGIC_REQUEST;
  enum effect effect = known ? effect_of(request->h.opcode) : EFFECT_ALL;
  return (struct touch){effect, has_key(effect) ? place_of(request->key) : 0};
}

static bool is_awaited(struct asker who, uint32_t conn, const struct precedence_judge *judge) {
  return who.conn != ASKER_NOBODY && who.conn != conn && judge->awaited(judge->arg, who);
}

static bool is_done(struct asker who, uint32_t conn, const struct precedence_judge *judge) {
  return who.conn == ASKER_NOBODY || who.conn == conn || judge->done(judge->arg, who);
}

/* Forgets those that are done. */
static struct asker wide_before(struct precedence *p, uint32_t conn,
                                const struct precedence_judge *judge) {
  for (size_t i = 0; i < p->wide.n;) {
    struct asker *who = vec_at(&p->wide, i);
    if (is_awaited(*who, conn, judge))
      return *who;
    if (who->conn == conn || !is_done(*who, conn, judge)) {
      i++;
    } else {
      *who = *(struct asker *)vec_last(&p->wide);
      vec_pop(&p->wide);
    }
  }
  return nobody;
}

struct asker precedence_before(struct precedence *p, uint32_t conn, const struct touch *touch,
                               const struct precedence_judge *judge) {
  const struct place *place = &p->places[touch->place];
  if (touch->effect == EFFECT_ALL)
    return is_awaited(many, conn, judge) ? many : nobody;
  if (!has_key(touch->effect))
    return nobody;
  if (is_awaited(place->writer, conn, judge))
    return place->writer;
  if (touch->effect != EFFECT_READ && is_awaited(place->reader, conn, judge))
    return place->reader;
  return p->wide.n ? wide_before(p, conn, judge) : nobody;
}

static void note_wide(struct precedence *p, struct asker who) {
  for (size_t i = 0; i < p->wide.n; i++) {
    struct asker *known = vec_at(&p->wide, i);
    if (known->conn == who.conn) {
      *known = who;
      return;
    }
  }
  *(struct asker *)vec_push(&p->wide) = who;
}

void precedence_note(struct precedence *p, struct asker who, const struct touch *touch,
                     const struct precedence_judge *judge) {
  struct place *place = &p->places[touch->place];
  struct asker *last = touch->effect == EFFECT_READ ? &place->reader : &place->writer;
  if (touch->effect == EFFECT_ALL)
    note_wide(p, who);
  else if (has_key(touch->effect))
    *last = is_done(*last, who.conn, judge) ? who : many;
}
