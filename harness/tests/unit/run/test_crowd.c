/* Plays at once against a server that holds its answers until enough have asked and enough
 * connections have come and reset. */
#include "run/crowd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#include "compiled.h"
#include "mcbp/frame.h"

enum { PLAYERS = 8, PEERS = 128, LONG_MS = 60000 };

#define STEPS "c1 > getk key=\"{ns}\" opaque=1\nc1 < getk extras=\"\" key=\"{ns}\" opaque=1"

struct peer {
  struct host *host;
  struct bufferevent *b;
  struct buf in;   /* what it has sent and is no whole request */
  struct buf held; /* its answer */
};

struct host {
  struct event_base *base;
  struct evconnlistener *listener;
  struct addr addr;
  const char *wrong; /* digits of the players whose answers are */
  size_t enough_asked, enough_churned;
  struct peer peers[PEERS];
  size_t npeers, asked, churned, told;
  bool seen[PLAYERS];
  bool strange; /* a connection reset that had not sent half a header */
};

static void release(struct host *h) {
  if (h->asked < h->enough_asked || h->churned < h->enough_churned)
    return;
  for (size_t i = 0; i < h->npeers; i++) {
    struct peer *p = &h->peers[i];
    if (p->b)
      bufferevent_write(p->b, p->held.p, p->held.n);
    buf_drop(&p->held, p->held.n);
  }
}

/* Answers with the key that was asked for, or with another. */
static void answer(struct peer *p, const struct frame *f, struct span key) {
  struct header h = {.magic = MAGIC_RESPONSE,
                     .opcode = f->h.opcode,
                     .opaque = f->h.opaque,
                     .keylen = (uint16_t)key.n,
                     .bodylen = (uint32_t)key.n};
  uint8_t head[HEADER_BYTES];
  header_pack(&h, head);
  buf_add(&p->held, head, sizeof head);
  buf_add_span(&p->held, key);
  if (key.n == 0) { /* the noop at the end */
    bufferevent_write(p->b, p->held.p, p->held.n);
    buf_drop(&p->held, p->held.n);
    return;
  }
  ck_assert(key.n == 4 && memcmp(key.p, "p00", 3) == 0);
  size_t player = (size_t)(key.p[3] - '0');
  ck_assert(player < PLAYERS && !p->host->seen[player]);
  p->host->seen[player] = true;
  if (strchr(p->host->wrong, key.p[3]))
    p->held.p[p->held.n - 1] = 'x';
  p->host->asked++;
  release(p->host);
}

static void host_read(struct bufferevent *b, void *arg) {
  struct peer *p = arg;
  struct frame f;
  uint8_t bytes[4096];
  for (size_t n; (n = bufferevent_read(b, bytes, sizeof bytes)) > 0;)
    buf_add(&p->in, bytes, n);
  while (frame_cut(buf_span(&p->in), &f) == FRAME_WHOLE) {
    answer(p, &f, span_sub(buf_span(&p->in), HEADER_BYTES, f.h.keylen));
    buf_drop(&p->in, f.len);
  }
}

static void host_ended(struct bufferevent *b, short what, void *arg) {
  static const uint8_t half[HEADER_BYTES / 2] = {MAGIC_REQUEST, 0, 0, 1, [11] = 1};
  struct peer *p = arg;
  bool reset = (what & BEV_EVENT_ERROR) && errno == ECONNRESET;
  bufferevent_free(b);
  p->b = NULL;
  if (!reset || p->held.n > 0)
    return;
  if (span_eq(buf_span(&p->in), span_of(half, sizeof half)))
    p->host->churned++;
  else
    p->host->strange = true;
  release(p->host);
}

static void host_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *a, int n,
                        void *arg) {
  struct host *h = arg;
  (void)l, (void)a, (void)n;
  CHECK(h->npeers < PEERS);
  struct peer *p = &h->peers[h->npeers++];
  p->host = h;
  p->b = bufferevent_socket_new(h->base, fd, BEV_OPT_CLOSE_ON_FREE);
  buf_init(&p->in, COMPILED_MAX);
  buf_init(&p->held, COMPILED_MAX);
  bufferevent_setcb(p->b, host_read, NULL, host_ended, p);
  bufferevent_enable(p->b, EV_READ);
}

static void host_init(struct host *h) {
  struct event_config *config = event_config_new();
  CHECK(config && event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER) == 0);
  *h = (struct host){
      .base = event_base_new_with_config(config), .wrong = "", .enough_asked = PLAYERS};
  event_config_free(config);
  addr_loopback(&h->addr, 0);
  h->listener = evconnlistener_new_bind(h->base, host_accept, h, LEV_OPT_CLOSE_ON_FREE, 64,
                                        (struct sockaddr *)&h->addr.sa, (int)h->addr.len);
  CHECK(h->listener);
  struct sockaddr_in bound;
  socklen_t len = sizeof bound;
  CHECK(getsockname(evconnlistener_get_fd(h->listener), (struct sockaddr *)&bound, &len) == 0);
  addr_loopback(&h->addr, ntohs(bound.sin_port));
}

/* Nothing is left in the loop but what is the host's own. */
static void host_fini(struct host *h) {
  evconnlistener_free(h->listener);
  for (size_t i = 0; i < h->npeers; i++) {
    if (h->peers[i].b)
      bufferevent_free(h->peers[i].b);
    buf_fini(&h->peers[i].in);
    buf_fini(&h->peers[i].held);
  }
  event_base_loop(h->base, EVLOOP_NONBLOCK); /* bufferevents end in the loop */
  ck_assert_int_eq(event_base_get_num_events(h->base, EVENT_BASE_COUNT_ADDED), 0);
  event_base_free(h->base);
}

static void done(void *arg) {
  struct host *h = arg;
  h->told++;
  event_base_loopbreak(h->base);
}

static struct crowd *gather(struct host *h, const struct session *s, struct tape *tape,
                            struct transcript *transcript) {
  const struct play_options options = {.session = s,
                                       .to = &h->addr,
                                       .seed = 7,
                                       .tape = tape,
                                       .transcript = transcript,
                                       .timeout_ms = LONG_MS,
                                       .total_ms = LONG_MS};
  char ns[PLAYERS][4];
  for (size_t i = 0; i < PLAYERS; i++)
    memcpy(ns[i], (const char[]){'p', '0', '0', (char)('0' + i)}, sizeof ns[i]);
  return crowd_new(h->base, &options, PLAYERS, (const char(*)[4])ns, done, h);
}

START_TEST(all_play_at_once_each_in_its_own_key_space) {
  struct host h;
  host_init(&h);
  struct session *s = compiled(STEPS);
  struct crowd *c = gather(&h, s, NULL, NULL);
  ck_assert_int_eq(event_base_dispatch(h.base), 0);
  ck_assert_int_eq(crowd_verdict(c).status, VERDICT_PASS);
  for (size_t i = 0; i < PLAYERS; i++)
    ck_assert_msg(h.seen[i], "player %zu asked for nothing", i);
  ck_assert_uint_eq(h.told, 1);
  crowd_free(c);
  session_free(s);
  host_fini(&h);
}
END_TEST

START_TEST(others_come_and_reset_again_and_again) {
  struct host h;
  host_init(&h);
  h.enough_churned = 7; /* more than are there at a time */
  struct session *s = compiled(STEPS);
  struct crowd *c = gather(&h, s, NULL, NULL);
  ck_assert_int_eq(event_base_dispatch(h.base), 0);
  ck_assert_int_eq(crowd_verdict(c).status, VERDICT_PASS);
  ck_assert_uint_ge(h.churned, 7);
  ck_assert(!h.strange);
  crowd_free(c);
  session_free(s);
  host_fini(&h);
}
END_TEST

static const struct {
  const char *wrong, *first; /* the first lines of the detail begin with it */
} verdicts[] = {
    {"0", "          player 1 of 8\n"},
    {"3", "          player 4 of 8, a slow reader\n"},
    {"7", "          player 8 of 8, a slow reader\n"},
    {"52", "          player 3 of 8\n"},
    {"01234567", "          player 1 of 8\n"},
};
enum { VERDICTS = sizeof verdicts / sizeof *verdicts };

START_TEST(the_first_that_fails_is_told) {
  struct host h;
  host_init(&h);
  h.wrong = verdicts[_i].wrong;
  struct session *s = compiled(STEPS);
  struct crowd *c = gather(&h, s, NULL, NULL);
  ck_assert_int_eq(event_base_dispatch(h.base), 0);
  struct verdict v = crowd_verdict(c);
  ck_assert_int_eq(v.status, VERDICT_FAIL);
  ck_assert_int_eq(v.kind, KIND_NONCONFORMANCE);
  ck_assert_uint_eq(v.line, 4);
  ck_assert_msg(strncmp(v.detail, verdicts[_i].first, strlen(verdicts[_i].first)) == 0, "%s",
                v.detail);
  verdict_fini(&v);
  ck_assert_uint_eq(h.told, 1);
  crowd_free(c);
  session_free(s);
  host_fini(&h);
}
END_TEST

START_TEST(the_first_play_is_taken_down) {
  struct host h;
  host_init(&h);
  struct session *s = compiled(STEPS);
  struct tape tape;
  struct transcript transcript;
  tape_init(&tape, COMPILED_MAX);
  transcript_init(&transcript, COMPILED_MAX);
  struct crowd *c = gather(&h, s, &tape, &transcript);
  ck_assert_int_eq(event_base_dispatch(h.base), 0);
  struct buf want, got;
  buf_init(&want, COMPILED_MAX);
  buf_init(&got, COMPILED_MAX);
  add_line_bytes(&want, "getk extras=\"\" key=\"p000\" opaque=1", false);
  tape_stream(&tape, 1, true, &got);
  ck_assert(span_eq(buf_span(&got), buf_span(&want)));
  ck_assert(span_eq(buf_span(&transcript.bytes), buf_span(&want)));
  ck_assert_mem_eq(tape.ns, "p000", 4);
  ck_assert_mem_eq(transcript.ns, "p000", 4);
  buf_fini(&want);
  buf_fini(&got);
  crowd_free(c);
  tape_fini(&tape);
  transcript_fini(&transcript);
  session_free(s);
  host_fini(&h);
}
END_TEST

START_TEST(one_can_be_freed_while_it_plays) {
  struct host h;
  host_init(&h);
  h.enough_asked = PLAYERS + 1;
  struct session *s = compiled(STEPS);
  struct crowd *c = gather(&h, s, NULL, NULL);
  while (h.asked < PLAYERS)
    ck_assert_int_eq(event_base_loop(h.base, EVLOOP_ONCE), 0);
  crowd_free(c);
  ck_assert_uint_eq(h.told, 0);
  session_free(s);
  host_fini(&h);
  crowd_free(NULL);
}
END_TEST

static Suite *make(void) {
  Suite *s = suite_create("crowd");
  TCase *c = tcase_create("crowd");
  tcase_add_test(c, all_play_at_once_each_in_its_own_key_space);
  tcase_add_test(c, others_come_and_reset_again_and_again);
  tcase_add_loop_test(c, the_first_that_fails_is_told, 0, VERDICTS);
  tcase_add_test(c, the_first_play_is_taken_down);
  tcase_add_test(c, one_can_be_freed_while_it_plays);
  suite_add_tcase(s, c);
  return s;
}

UNIT_MAIN(make)
