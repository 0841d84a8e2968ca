#include "run/paths.h"

#include <errno.h>

#include "folders.h"

static struct folder folder;
static struct paths paths;
static char *real;

static void setup(void) {
  folder_init(&folder);
  folder_put(&folder, "data/cases/get/miss.session", "");
  folder_put(&folder, "data/fixtures/servers/x.yaml", "");
  folder_put(&folder, "data/fixtures/values/x", "from the fixtures");
  folder_put(&folder, "data/fixtures/values/both", "from the fixtures");
  folder_put(&folder, "elsewhere/values/both", "from beside the session");
  folder_put(&folder, "elsewhere/values/own", "from beside the session");
  folder_put(&folder, "secret", "not for sessions");
  folder_put(&folder, "without/cases/x", "");
  real = realpath(folder.path, NULL);
}

static void teardown(void) {
  paths_fini(&paths);
  CHECK(chdir("/") == 0);
  folder_fini(&folder);
  free(real);
}

static bool find_in(const char *data, const char *cwd) {
  char *where = xasprintf("%s/%s", folder.path, cwd);
  CHECK(chdir(where) == 0);
  free(where);
  setenv("MCREPLAY_DATA", data, 1);
  return paths_find(&paths);
}

/* The data is told as it can be typed from the working directory. */
START_TEST(paths_are_relative_below_the_working_directory) {
  ck_assert(find_in("data", ""));
  ck_assert_str_eq(paths.root, "data");
  ck_assert_str_eq(paths.cases, "data/cases");
  ck_assert_str_eq(paths.fixtures, "data/fixtures");
}
END_TEST

START_TEST(paths_in_the_data_itself_are_short) {
  ck_assert(find_in(".", "data"));
  ck_assert_str_eq(paths.root, ".");
  ck_assert_str_eq(paths.cases, "cases");
  ck_assert_str_eq(paths.fixtures, "fixtures");
}
END_TEST

START_TEST(paths_elsewhere_are_absolute) {
  char *want = xasprintf("%s/data", real);
  ck_assert(find_in("../data", "elsewhere"));
  ck_assert_str_eq(paths.root, want);
  free(want);
}
END_TEST

/* A folder whose name the working directory's begins with is not below it. */
START_TEST(a_like_name_is_another_folder) {
  folder_put(&folder, "dat/x", "");
  char *want = xasprintf("%s/data", real);
  ck_assert(find_in("../data", "dat"));
  ck_assert_str_eq(paths.root, want);
  free(want);
}
END_TEST

START_TEST(what_is_given_must_hold_cases) {
  static const char *const wrong[] = {"nowhere", "without", "elsewhere", ""};
  ck_assert(!find_in(wrong[_i], ""));
  ck_assert_ptr_null(paths.root);
  ck_assert_ptr_null(paths.cases);
}
END_TEST

static const struct {
  const char *path, *content; /* NULL: can't be read */
} files[] = {
    {"values/x", "from the fixtures"},
    {"values/both", "from the fixtures"},
    {"values/own", "from beside the session"},
    {"values/none", NULL},
    {"../secret", NULL},
    {"values/../../../secret", NULL},
    {"/etc/passwd", NULL},
    {"values", NULL},
};

START_TEST(files_come_from_the_fixtures_or_beside) {
  ck_assert(find_in("data", ""));
  struct paths_loader l = {&paths, "elsewhere/a.session"};
  struct session_loader loader = paths_loader(&l);
  struct buf out;
  buf_init(&out, 64);
  errno = 0;
  bool ok = loader.load(loader.arg, files[_i].path, &out);
  ck_assert_int_eq(ok, !!files[_i].content);
  if (ok)
    ck_assert_str_eq(buf_cstr(&out), files[_i].content);
  else
    ck_assert_int_ne(errno, 0);
  buf_fini(&out);
}
END_TEST

START_TEST(sessions_without_a_folder_and_data_load_too) {
  CHECK(chdir(folder.path) == 0);
  struct paths_loader l = {&paths, "a.session"};
  struct session_loader loader = paths_loader(&l);
  struct buf out;
  buf_init(&out, 64);
  ck_assert(loader.load(loader.arg, "secret", &out));
  ck_assert_str_eq(buf_cstr(&out), "not for sessions");
  buf_fini(&out);
}
END_TEST

/* It is not looked for elsewhere either. */
START_TEST(a_file_too_long_is_told_as_such) {
  ck_assert(find_in("data", ""));
  struct paths_loader l = {&paths, "elsewhere/a.session"};
  struct session_loader loader = paths_loader(&l);
  struct buf out;
  buf_init(&out, 3);
  ck_assert(!loader.load(loader.arg, "values/x", &out));
  ck_assert_int_eq(errno, EFBIG);
  buf_fini(&out);
}
END_TEST

START_TEST(fixtures_have_a_place) {
  ck_assert(find_in("data", ""));
  char *path = paths_fixture(&paths, "known", "memcached");
  ck_assert_str_eq(path, "data/fixtures/known/memcached.yaml");
  free(path);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("paths");
  TCase *t = tcase_create("paths");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, paths_are_relative_below_the_working_directory);
  tcase_add_test(t, paths_in_the_data_itself_are_short);
  tcase_add_test(t, paths_elsewhere_are_absolute);
  tcase_add_test(t, a_like_name_is_another_folder);
  tcase_add_loop_test(t, what_is_given_must_hold_cases, 0, 4);
  tcase_add_loop_test(t, files_come_from_the_fixtures_or_beside, 0, sizeof files / sizeof *files);
  tcase_add_test(t, sessions_without_a_folder_and_data_load_too);
  tcase_add_test(t, a_file_too_long_is_told_as_such);
  tcase_add_test(t, fixtures_have_a_place);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
