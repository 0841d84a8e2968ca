/* Words for a shell: plain ones stay readable, and a real shell reads all of them back. */
#include <stdio.h>

#include "base/check.h"
#include "base/text.h"
#include "unit.h"

static char *quoted(struct span word) {
  struct buf b;
  buf_init(&b, 1 << 16);
  text_shell(&b, word);
  ck_assert(!b.failed);
  return buf_take(&b);
}

START_TEST(words_look_like_this) {
  static const struct {
    const char *word, *quoted;
  } rows[] = {
      {"plain", "plain"},
      {"a-b_c.d/e:f,g=h+i@9", "a-b_c.d/e:f,g=h+i@9"},
      {"", "''"},
      {"a b", "'a b'"},
      {"it's", "'it'\\''s'"},
      {"'", "''\\'''"},
      {"*", "'*'"},
      {"a$b", "'a$b'"},
      {"{socket}", "'{socket}'"},
      {"~", "'~'"},
      {"a\nb", "'a\nb'"},
      {"\xc3\xa9", "'\xc3\xa9'"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char *got = quoted(span_str(rows[i].word));
    ck_assert_str_eq(got, rows[i].quoted);
    free(got);
  }
}
END_TEST

/* Every byte but NUL, alone, at both ends and beside a quote. */
START_TEST(a_shell_reads_them_back) {
  struct buf words, line, got;
  buf_init(&words, 1 << 16);
  buf_init(&line, 1 << 16);
  buf_init(&got, 1 << 16);
  buf_add_str(&line, "LC_ALL=C printf '%s|' ");
  for (unsigned c = 1; c < 256; c++) {
    static const char *const forms[] = {"?", "a?b", "?a?", "'?'"};
    for (size_t i = 0; i < 4; i++) {
      char word[4];
      size_t n = strlen(forms[i]);
      for (size_t k = 0; k < n; k++)
        word[k] = forms[i][k] == '?' ? (char)c : forms[i][k];
      char *q = quoted(span_of(word, n));
      buf_addf(&line, "%s ", q);
      buf_add(&words, word, n);
      buf_add_byte(&words, '|');
      free(q);
    }
  }
  FILE *shell = popen(buf_cstr(&line), "r");
  ck_assert_ptr_nonnull(shell);
  for (int c; (c = getc(shell)) != EOF;)
    buf_add_byte(&got, (uint8_t)c);
  ck_assert_int_eq(pclose(shell), 0);
  ck_assert(span_eq(buf_span(&got), buf_span(&words)));
  buf_fini(&words);
  buf_fini(&line);
  buf_fini(&got);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("text_shell");
  TCase *t = tcase_create("text_shell");
  tcase_add_test(t, words_look_like_this);
  tcase_add_test(t, a_shell_reads_them_back);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
