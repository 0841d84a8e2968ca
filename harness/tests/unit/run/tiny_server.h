/* A server in the test's own event loop: answers each request with what a table says, else with an
 * empty success. It keeps all that it was sent. */
#ifndef TINY_SERVER_H
#define TINY_SERVER_H

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#include "compiled.h"
#include "folders.h"
#include "mcbp/frame.h"
#include "net/addr.h"

enum tiny_fault {
  TINY_SOUND,
  TINY_DEAF,    /* reads nothing */
  TINY_LATE,    /* answers when the client has ended its side */
  TINY_MUTE,    /* never answers */
  TINY_UNFENCED /* does not answer the driver's own noop */
};

struct tiny_server {
  struct event_base *base;
  struct evconnlistener *listener;
  struct folder folder;
  struct addr addr;
  const char *const *answers; /* of request 0, 1 ..: lines of the notation with a newline between
                                 them; NULL an empty success, "" nothing, "close" a close */
  size_t nanswers;
  enum tiny_fault fault;
  struct bufferevent *peers[8];
  struct buf in[8]; /* what each has sent and is not looked at */
  struct evbuffer *held;
  bool closing[8];
  struct buf got; /* all that came, in the order in which it came */
  size_t npeers, requests, reads;
};

static inline void tiny_drop(struct tiny_server *t, size_t i) {
  if (t->peers[i])
    bufferevent_free(t->peers[i]);
  t->peers[i] = NULL;
}

static inline size_t tiny_index(const struct tiny_server *t, const struct bufferevent *b) {
  size_t i = 0;
  while (t->peers[i] != b)
    CHECK(++i < t->npeers);
  return i;
}

static inline void tiny_write(struct tiny_server *t, size_t i, struct span bytes) {
  struct evbuffer *to = t->fault == TINY_LATE ? t->held : bufferevent_get_output(t->peers[i]);
  evbuffer_add(to, bytes.p, bytes.n);
}

static inline void tiny_close(struct tiny_server *t, size_t i) {
  t->closing[i] = true;
  if (evbuffer_get_length(bufferevent_get_output(t->peers[i])) == 0)
    tiny_drop(t, i);
}

static inline bool tiny_is_fence(const struct frame *f) {
  return f->h.opcode == 0x0a && f->h.opaque >> 8 == 0xfe9ce0;
}

static inline void tiny_answer(struct tiny_server *t, size_t i, const struct frame *f) {
  const char *text = NULL;
  if (!tiny_is_fence(f) || t->requests < t->nanswers)
    text = t->requests < t->nanswers ? t->answers[t->requests] : NULL;
  t->requests++;
  if (t->fault == TINY_MUTE || (t->fault == TINY_UNFENCED && tiny_is_fence(f)))
    return;
  if (!text) {
    struct header h = {.magic = MAGIC_RESPONSE, .opcode = f->h.opcode, .opaque = f->h.opaque};
    uint8_t packed[HEADER_BYTES];
    header_pack(&h, packed);
    tiny_write(t, i, span_of(packed, sizeof packed));
    return;
  }
  struct buf out;
  buf_init(&out, COMPILED_MAX);
  char *lines = xstrdup(text), *rest = lines, *line;
  while ((line = strsep(&rest, "\n")))
    if (strcmp(line, "close") == 0)
      t->closing[i] = true;
    else if (*line)
      add_line_bytes(&out, line, false);
  free(lines);
  tiny_write(t, i, buf_span(&out));
  buf_fini(&out);
  if (t->closing[i])
    tiny_close(t, i);
}

static inline void tiny_read(struct bufferevent *b, void *arg) {
  struct tiny_server *t = arg;
  size_t i = tiny_index(t, b);
  uint8_t bytes[4096];
  t->reads++;
  for (size_t n; (n = bufferevent_read(b, bytes, sizeof bytes)) > 0;) {
    buf_add(&t->got, bytes, n);
    buf_add(&t->in[i], bytes, n);
  }
  struct frame f;
  enum frame_cut cut;
  while (t->peers[i] && !t->closing[i] &&
         (cut = frame_cut(buf_span(&t->in[i]), &f)) != FRAME_SHORT) {
    if (cut == FRAME_NOT) {
      tiny_close(t, i);
      return;
    }
    size_t len = f.len;
    tiny_answer(t, i, &f);
    buf_drop(&t->in[i], len);
  }
}

static inline void tiny_drained(struct bufferevent *b, void *arg) {
  struct tiny_server *t = arg;
  size_t i = tiny_index(t, b);
  if (t->closing[i])
    tiny_drop(t, i);
}

static inline void tiny_ended(struct bufferevent *b, short what, void *arg) {
  struct tiny_server *t = arg;
  size_t i = tiny_index(t, b);
  (void)what;
  evbuffer_add_buffer(bufferevent_get_output(b), t->held);
  tiny_close(t, i);
}

static inline void tiny_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *a,
                               int n, void *arg) {
  struct tiny_server *t = arg;
  (void)l;
  (void)a;
  (void)n;
  size_t i = t->npeers++;
  CHECK(i < 8);
  t->peers[i] = bufferevent_socket_new(t->base, fd, BEV_OPT_CLOSE_ON_FREE);
  buf_init(&t->in[i], COMPILED_MAX);
  bufferevent_setcb(t->peers[i], tiny_read, tiny_drained, tiny_ended, t);
  if (t->fault != TINY_DEAF)
    bufferevent_enable(t->peers[i], EV_READ);
}

static inline void tiny_init(struct tiny_server *t, struct event_base *base, enum tiny_fault fault,
                             const char *const *answers, size_t nanswers) {
  *t = (struct tiny_server){.base = base, .fault = fault, .answers = answers, .nanswers = nanswers};
  folder_init(&t->folder);
  char *path = xasprintf("%s/socket", t->folder.path);
  CHECK(addr_unix(&t->addr, path));
  free(path);
  t->listener = evconnlistener_new_bind(base, tiny_accept, t, LEV_OPT_CLOSE_ON_FREE, 16,
                                        (struct sockaddr *)&t->addr.sa, (int)t->addr.len);
  CHECK(t->listener);
  t->held = evbuffer_new();
  buf_init(&t->got, COMPILED_MAX);
}

static inline void tiny_fini(struct tiny_server *t) {
  for (size_t i = 0; i < t->npeers; i++) {
    tiny_drop(t, i);
    buf_fini(&t->in[i]);
  }
  evconnlistener_free(t->listener);
  event_base_loop(t->base, EVLOOP_NONBLOCK); /* bufferevents end in the loop */
  evbuffer_free(t->held);
  buf_fini(&t->got);
  folder_fini(&t->folder);
}

#endif
