/* A folded heap holds what it held, here and in a child. */
#include "run/fold.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "unit.h"

enum { PIECES = 4096, PIECE = 4096 };

static unsigned char *pieces[PIECES];

static bool all_there(void) {
  for (size_t i = 0; i < PIECES; i++)
    for (size_t k = 0; k < PIECE; k += 512)
      if (pieces[i][k] != (unsigned char)(i * 7 + k / 512))
        return false;
  return true;
}

START_TEST(nothing_is_lost) {
  int status;
  for (size_t i = 0; i < PIECES; i++) {
    pieces[i] = xmalloc(PIECE);
    for (size_t k = 0; k < PIECE; k += 512)
      pieces[i][k] = (unsigned char)(i * 7 + k / 512);
  }
  fold_heap();
  ck_assert(all_there());
  pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    bool there = all_there();
    memset(pieces[PIECES / 2], 0, PIECE);
    _exit(there ? 0 : 1);
  }
  CHECK(waitpid(pid, &status, 0) == pid);
  ck_assert_int_eq(status, 0);
  ck_assert(all_there());
  for (size_t i = 0; i < PIECES; i++)
    free(pieces[i]);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("fold");
  TCase *t = tcase_create("fold");
  tcase_add_test(t, nothing_is_lost);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
