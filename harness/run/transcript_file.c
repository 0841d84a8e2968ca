#include "run/transcript_file.h"

#include <errno.h>

#include "net/file.h"

/* The file: this, the answers, the bytes. */
struct packed {
  char ns[4];
  bool full;
  size_t answers, bytes;
};

bool transcript_write(const struct transcript *t, const char *path) {
  struct packed head = {.full = t->full, .answers = t->answers.n, .bytes = t->bytes.n};
  struct buf out;
  memcpy(head.ns, t->ns, sizeof head.ns);
  buf_init(&out, SIZE_MAX / 2);
  buf_add(&out, &head, sizeof head);
  if (t->answers.n)
    buf_add(&out, t->answers.items, t->answers.n * t->answers.size);
  buf_add_span(&out, buf_span(&t->bytes));
  bool ok = file_write(path, buf_span(&out));
  int error = errno;
  buf_fini(&out);
  errno = error;
  return ok;
}

static bool unpack(struct transcript *t, struct span in) {
  struct packed head;
  if (in.n < sizeof head)
    return false;
  memcpy(&head, in.p, sizeof head);
  in = span_from(in, sizeof head);
  size_t item = sizeof(struct answer);
  if (head.answers > in.n / item || in.n - head.answers * item != head.bytes)
    return false;
  memcpy(t->ns, head.ns, sizeof t->ns);
  for (size_t i = 0; i < head.answers; i++)
    memcpy(vec_push(&t->answers), in.p + i * item, item);
  t->full = !buf_add_span(&t->bytes, span_from(in, head.answers * item)) || head.full;
  return true;
}

bool transcript_read(struct transcript *t, const char *path) {
  struct buf in;
  transcript_reset(t);
  buf_init(&in, SIZE_MAX / 2);
  bool read = file_read(path, &in), ok = read && unpack(t, buf_span(&in));
  int error = read ? EINVAL : errno;
  buf_fini(&in);
  errno = error;
  return ok;
}
