/* The configuration of a run on session files in a temporary folder, which is the working directory
 * and the data's. */
#ifndef PLANNED_H
#define PLANNED_H

#include "folders.h"
#include "run/config.h"

struct planned {
  struct folder folder;
  struct paths paths;
  struct suite cases;
  struct known known;
  struct diag diag;
  struct profile *profile;
  struct delivery deliveries[3];
  struct run_config config;
};

/* A file below the folder. */
struct planned_file {
  const char *name, *content;
};

static const enum transport planned_transports[] = {TRANSPORT_UNIX, TRANSPORT_TCP};

/* Both transports, no known deviations, and the deliveries in the list of names, 3 at most. */
static inline void planned_init(struct planned *p, const struct planned_file *sessions, size_t n,
                                const char *profile, const char *deliveries) {
  struct delivery *found;
  struct buf why;
  *p = (struct planned){0};
  folder_init(&p->folder);
  for (size_t i = 0; i < n; i++)
    folder_put(&p->folder, sessions[i].name, sessions[i].content);
  folder_put(&p->folder, "fixtures/servers/x", "");
  CHECK(chdir(p->folder.path) == 0);
  setenv("MCREPLAY_DATA", ".", 1);
  CHECK(paths_find(&p->paths));
  suite_init(&p->cases);
  known_init(&p->known);
  diag_init(&p->diag);
  CHECK(suite_load(&p->cases, &p->paths, NULL, 0, &p->diag));
  p->profile = profile_parse(span_str(profile), "x.yaml", &p->diag);
  ck_assert_msg(p->profile != NULL, "%s", diag_text(&p->diag));
  p->config = (struct run_config){.suite = &p->cases,
                                  .profile = p->profile,
                                  .known = &p->known,
                                  .deliveries = p->deliveries,
                                  .transports = planned_transports,
                                  .ntransports = 2,
                                  .repeat = 1,
                                  .seed = 7,
                                  .reproduce = "true x"};
  buf_init(&why, 1024);
  CHECK(delivery_parse_list(deliveries, &found, &p->config.ndeliveries, &why));
  CHECK(p->config.ndeliveries <= 3);
  memcpy(p->deliveries, found, p->config.ndeliveries * sizeof *found);
  free(found);
  buf_fini(&why);
}

static inline void planned_fini(struct planned *p) {
  known_fini(&p->known);
  profile_free(p->profile);
  suite_fini(&p->cases);
  paths_fini(&p->paths);
  diag_fini(&p->diag);
  CHECK(chdir("/") == 0);
  folder_fini(&p->folder);
}

#endif
