/* Cases found, named and selected in a tree of their own, which is the working directory. */
#include "run/suite.h"

#include "folders.h"

#define CASE(tags) "case t\nspec noop\n" tags "c1 > noop\n"

static struct folder folder;
static struct paths paths;
static struct suite cases;
static struct diag diag;

static void setup(void) {
  folder_init(&folder);
  folder_put(&folder, "cases/get/miss.session", CASE("tag slow\n"));
  folder_put(&folder, "cases/get/hit.session", CASE("tag fast, slow\n"));
  folder_put(&folder, "cases/set/get-back.session", CASE(""));
  folder_put(&folder, "cases/top.session", CASE(""));
  folder_put(&folder, "cases/.hidden.session", "nonsense");
  folder_put(&folder, "cases/.git/x.session", "nonsense");
  folder_put(&folder, "cases/README.md", "nonsense");
  folder_put(&folder, "cases/.session", "nonsense");
  folder_put(&folder, "other/mine.session", CASE(""));
  folder_put(&folder, "other/plain", CASE(""));
  folder_put(&folder, "bad/wrong.session", "case t\nspec noop\nc1 > nop\n");
  folder_put(&folder, "bad/worse.session", "case t\nspec noop\nc1 > noop key=\n");
  folder_put(&folder, "bad/good.session", CASE(""));
  folder_put(&folder, "fixtures/servers/x", "");
  CHECK(chdir(folder.path) == 0);
  setenv("MCREPLAY_DATA", ".", 1);
  CHECK(paths_find(&paths));
  suite_init(&cases);
  diag_init(&diag);
}

static void teardown(void) {
  suite_fini(&cases);
  paths_fini(&paths);
  diag_fini(&diag);
  CHECK(chdir("/") == 0);
  folder_fini(&folder);
}

static char *ids(void) {
  struct buf b;
  buf_init(&b, 4096);
  for (size_t i = 0; i < cases.cases.n; i++)
    buf_addf(&b, "%s%s", i ? " " : "", suite_case(&cases, i)->id);
  return buf_take(&b);
}

static void assert_ids(const char *want) {
  char *got = ids();
  ck_assert_str_eq(got, want);
  free(got);
}

static bool load(const char *const *args) {
  char *copies[4] = {NULL};
  size_t n = 0;
  while (args[n]) {
    copies[n] = xstrdup(args[n]);
    n++;
  }
  bool ok = suite_load(&cases, &paths, copies, n, &diag);
  while (n > 0)
    free(copies[--n]);
  return ok;
}

#define ALL "get/hit get/miss set/get-back top"

static const struct {
  const char *args[4];
  const char *ids; /* NULL: fails */
} selections[] = {
    {{NULL}, ALL},
    {{"cases"}, ALL},
    {{"cases/"}, ALL},
    {{"./cases"}, ALL},
    {{"cases/get"}, "get/hit get/miss"},
    {{"cases/get//"}, "get/hit get/miss"},
    {{"cases/get/miss.session"}, "get/miss"},
    {{"./cases/get/miss.session"}, "get/miss"},
    {{"get/miss"}, "get/miss"},
    {{"get/*"}, "get/hit get/miss"},
    {{"get"}, "get/hit get/miss"},
    {{"set"}, "set/get-back"},
    {{"ge"}, NULL},
    {{"*get*"}, "get/hit get/miss set/get-back"},
    {{"?et/?i*"}, "get/hit get/miss"},
    {{"set/get-back", "get/miss"}, "get/miss set/get-back"},
    {{"get/miss", "cases/get/miss.session", "get/*"}, "get/hit get/miss"},
    {{"cases/get", "./cases/get/hit.session"}, "get/hit get/miss"},
    {{"cases/*/miss.session"}, "get/miss"},
    {{"other"}, "other/mine"},
    {{"other/mine.session"}, "other/mine"},
    {{"./other/mine.session"}, "other/mine"},
    {{"other/plain"}, "other/plain"},
    {{"nothing"}, NULL},
    {{"nothing*"}, NULL},
    {{"cases/get/nothing.session"}, NULL},
    {{"bad"}, NULL},
    {{"bad/wrong.session"}, NULL},
    {{"get/miss", "nothing"}, NULL},
};

START_TEST(arguments_select) {
  bool ok = load(selections[_i].args);
  ck_assert_msg(ok == !!selections[_i].ids, "%s: %s", selections[_i].args[0], diag_text(&diag));
  ck_assert_int_eq(diag.count > 0, !ok);
  if (ok)
    assert_ids(selections[_i].ids);
}
END_TEST

START_TEST(every_wrong_file_is_told) {
  ck_assert(!load((const char *const[]){"bad", NULL}));
  ck_assert_ptr_nonnull(strstr(diag_text(&diag), "bad/wrong.session:3:"));
  ck_assert_ptr_nonnull(strstr(diag_text(&diag), "bad/worse.session:3:"));
  assert_ids("bad/good");
}
END_TEST

START_TEST(without_data_files_can_still_be_named) {
  const struct paths none = {0};
  char file[] = "other/mine.session", *args[] = {file};
  ck_assert(suite_load(&cases, &none, args, 1, &diag));
  assert_ids("other/mine");
  ck_assert(!suite_load(&cases, &none, NULL, 0, &diag));
  ck_assert_uint_eq(diag.count, 1);
}
END_TEST

START_TEST(files_can_be_given_again) {
  ck_assert(load((const char *const[]){"get/*", NULL}));
  for (size_t i = 0; i < cases.cases.n; i++)
    ck_assert_int_eq(access(suite_case(&cases, i)->file, R_OK), 0);
  ck_assert_str_eq(suite_case(&cases, 1)->file, "cases/get/miss.session");
}
END_TEST

static const struct {
  const char *pattern, *ids;
} kept[] = {
    {"get", "get/hit get/miss set/get-back"},
    {"get/", "get/hit get/miss"},
    {"get/*", "get/hit get/miss"},
    {"*", ALL},
    {"*/?it", "get/hit"},
    {"nothing", ""},
    {"", ALL},
};

/* A file that is not there has the id that it will have. */
START_TEST(files_have_ids) {
  static const char *const ids[][2] = {
      {"cases/get/miss.session", "get/miss"}, {"./cases/get/new.session", "get/new"},
      {"cases/../cases/new.session", "new"},  {"other/mine.session", "other/mine"},
      {"./other/new", "other/new"},           {"new.session", "new"},
      {"nowhere/new.session", "nowhere/new"}};
  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
    char *id = suite_id(&paths, ids[i][0]);
    ck_assert_str_eq(id, ids[i][1]);
    free(id);
  }
}
END_TEST

START_TEST(patterns_keep) {
  ck_assert(load((const char *const[]){NULL}));
  suite_keep(&cases, kept[_i].pattern);
  assert_ids(kept[_i].ids);
}
END_TEST

START_TEST(tags_keep) {
  static const struct {
    const char *tag, *ids;
  } rows[] = {{"slow", "get/hit get/miss"}, {"fast", "get/hit"}, {"none", ""}};
  ck_assert(load((const char *const[]){NULL}));
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    suite_keep_tag(&cases, rows[i].tag);
    assert_ids(rows[i].ids);
  }
}
END_TEST

START_TEST(words_are_whole) {
  const char *const words[] = {"ab", "c", NULL};
  ck_assert(words_have(words, "ab") && words_have(words, "c"));
  ck_assert(!words_have(words, "a") && !words_have(words, "abc") && !words_have(words, ""));
}
END_TEST

#define COUNT(a) (int)(sizeof(a) / sizeof *(a))

static Suite *suite(void) {
  Suite *s = suite_create("suite");
  TCase *t = tcase_create("suite");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_loop_test(t, arguments_select, 0, COUNT(selections));
  tcase_add_test(t, every_wrong_file_is_told);
  tcase_add_test(t, without_data_files_can_still_be_named);
  tcase_add_test(t, files_can_be_given_again);
  tcase_add_test(t, files_have_ids);
  tcase_add_loop_test(t, patterns_keep, 0, COUNT(kept));
  tcase_add_test(t, tags_keep);
  tcase_add_test(t, words_are_whole);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
