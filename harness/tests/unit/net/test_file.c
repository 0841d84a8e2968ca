#include "net/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "unit.h"

static char dir[] = "/tmp/unit-file-XXXXXX";

/* All paths are relative to a fresh folder. */
static void enter_dir(void) {
  CHECK(mkdtemp(dir));
  CHECK(chdir(dir) == 0);
}

static void leave_dir(void) {
  CHECK(chdir("/") == 0);
  file_remove_tree(dir);
  CHECK(access(dir, F_OK) != 0);
}

static size_t entries(const char *path) {
  size_t n = 0;
  DIR *d = opendir(path);
  CHECK(d);
  while (readdir(d))
    n++;
  closedir(d);
  return n - 2;
}

static void expect_content(const char *path, const char *want) {
  struct buf b;
  buf_init(&b, 1u << 20);
  ck_assert(file_read(path, &b));
  ck_assert_str_eq(buf_cstr(&b), want);
  buf_fini(&b);
}

START_TEST(write_replaces_and_leaves_nothing_else) {
  struct stat st;
  umask(027);
  ck_assert(file_write("f", span_str("one, which is longer")));
  ck_assert(file_write("f", span_str("two")));
  expect_content("f", "two");
  ck_assert(file_write("empty", span_str("")));
  expect_content("empty", "");
  ck_assert_uint_eq(entries("."), 2);
  ck_assert_int_eq(stat("f", &st), 0);
  ck_assert_uint_eq(st.st_mode & 07777, 0640);
  ck_assert_uint_eq(umask(0), 027);
}
END_TEST

START_TEST(a_failed_write_changes_nothing) {
  ck_assert(!file_write("none/f", span_str("x")));
  ck_assert_int_eq(errno, ENOENT);
  ck_assert(file_mkdirs("taken"));
  ck_assert(!file_write("taken", span_str("x")));
  ck_assert_int_eq(errno, EISDIR);
  ck_assert(!file_write("/dev/full/x", span_str("x")));
  ck_assert_int_eq(errno, ENOTDIR);
  ck_assert_uint_eq(entries("."), 1);
}
END_TEST

START_TEST(what_is_no_file_is_written_to) {
  int link = symlink("/dev/null", "sink");
  ck_assert_int_eq(link, 0);
  ck_assert(file_write("sink", span_str("gone")));
  struct stat st;
  ck_assert_int_eq(lstat("sink", &st), 0);
  ck_assert(S_ISLNK(st.st_mode));
  ck_assert_int_eq(unlink("sink"), 0);
}
END_TEST

START_TEST(read_appends_up_to_the_cap) {
  struct buf b, big;
  buf_init(&big, 1u << 20);
  buf_fill(&big, 'x', 200000);
  ck_assert(file_write("f", buf_span(&big)));
  buf_init(&b, 200001);
  buf_add_byte(&b, 'a');
  ck_assert(file_read("f", &b));
  ck_assert_uint_eq(b.n, 200001);
  ck_assert_mem_eq(b.p + 1, big.p, big.n);
  buf_reset(&b);
  buf_add_str(&b, "ab");
  ck_assert(!file_read("f", &b));
  ck_assert_int_eq(errno, EFBIG);
  ck_assert(b.failed);
  buf_reset(&b);
  ck_assert(!file_read("none", &b));
  ck_assert(!b.failed);
  ck_assert_int_eq(errno, ENOENT);
  buf_reset(&b);
  ck_assert(!file_read(".", &b));
  ck_assert_int_eq(errno, EISDIR);
  buf_fini(&b);
  buf_fini(&big);
}
END_TEST

START_TEST(a_dash_is_standard_input) {
  ck_assert(file_write("f", span_str("from a pipe\n")));
  int fd = open("f", O_RDONLY);
  ck_assert_int_eq(dup2(fd, STDIN_FILENO), STDIN_FILENO);
  close(fd);
  expect_content("-", "from a pipe\n");
}
END_TEST

START_TEST(mkdirs_makes_all_of_a_path) {
  ck_assert(file_mkdirs("a/b/c"));
  ck_assert(file_mkdirs("a/b/c"));
  ck_assert(file_mkdirs("a//d/"));
  ck_assert(file_mkdirs("/"));
  char *absolute = xasprintf("%s/e/f", dir);
  ck_assert(file_mkdirs(absolute));
  free(absolute);
  ck_assert(file_write("a/b/c/f", span_str("")));
  ck_assert_uint_eq(entries("a"), 2);
  ck_assert_uint_eq(entries("e"), 1);
  ck_assert(!file_mkdirs("a/b/c/f"));
  ck_assert_int_eq(errno, ENOTDIR);
  ck_assert(!file_mkdirs("a/b/c/f/g"));
  ck_assert_int_eq(errno, ENOTDIR);
  ck_assert(!file_mkdirs(""));
}
END_TEST

START_TEST(remove_tree_does_not_follow_links) {
  ck_assert(file_mkdirs("keep/inner"));
  ck_assert(file_write("keep/f", span_str("kept")));
  ck_assert(file_mkdirs("gone/a/b"));
  ck_assert(file_write("gone/a/f", span_str("x")));
  ck_assert_int_eq(symlink("../../keep", "gone/a/folder"), 0);
  ck_assert_int_eq(symlink("../keep/f", "gone/file"), 0);
  ck_assert_int_eq(symlink("nowhere", "gone/dangling"), 0);
  ck_assert_int_eq(symlink("keep", "link"), 0);
  file_remove_tree("gone");
  file_remove_tree("link");
  file_remove_tree("none");
  ck_assert_uint_eq(entries("."), 1);
  ck_assert_uint_eq(entries("keep"), 2);
  expect_content("keep/f", "kept");
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("file");
  TCase *t = tcase_create("file");
  suite_add_tcase(s, t);
  tcase_add_checked_fixture(t, enter_dir, leave_dir);
  tcase_add_test(t, write_replaces_and_leaves_nothing_else);
  tcase_add_test(t, a_failed_write_changes_nothing);
  tcase_add_test(t, what_is_no_file_is_written_to);
  tcase_add_test(t, read_appends_up_to_the_cap);
  tcase_add_test(t, a_dash_is_standard_input);
  tcase_add_test(t, mkdirs_makes_all_of_a_path);
  tcase_add_test(t, remove_tree_does_not_follow_links);
  return s;
}

UNIT_MAIN(suite)
