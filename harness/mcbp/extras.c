#include "mcbp/extras.h"

#define LAYOUT(bytes, may_lack, ...)                                                               \
  {                                                                                                \
    .fields = (const struct extras_field[]){__VA_ARGS__},                                          \
    .nfields = sizeof((const struct extras_field[]){__VA_ARGS__}) / sizeof(struct extras_field),   \
    .size = bytes, .optional = may_lack                                                            \
  }
#define FIXED(name, bytes, ...)                                                                    \
  static const struct extras_layout name = LAYOUT(bytes, false, __VA_ARGS__)
#define OPTIONAL(name, bytes, ...)                                                                 \
  static const struct extras_layout name = LAYOUT(bytes, true, __VA_ARGS__)

static const struct extras_layout none = {0};

/* Both dialects. */
FIXED(flags, 4, {"flags", 0, 4});
FIXED(expiry, 4, {"expiry", 0, 4});
FIXED(store, 8, {"flags", 0, 4}, {"expiry", 4, 4});
FIXED(arithmetic, 20, {"delta", 0, 8}, {"initial", 8, 8}, {"expiry", 16, 4});
FIXED(verbosity, 4, {"level", 0, 4});

static const struct extras_layout *const shared_request[256] = {
    [0x01] = &store,      [0x02] = &store,      [0x03] = &store,      [0x11] = &store,
    [0x12] = &store,      [0x13] = &store,      [0x05] = &arithmetic, [0x06] = &arithmetic,
    [0x15] = &arithmetic, [0x16] = &arithmetic, [0x1b] = &verbosity,  [0x1c] = &expiry,
    [0x1d] = &expiry,     [0x1e] = &expiry,
};

static const struct extras_layout *const shared_response[256] = {
    [0x00] = &flags, [0x09] = &flags, [0x0c] = &flags,
    [0x0d] = &flags, [0x1d] = &flags, [0x1e] = &flags,
};

/* The stock server alone; it answers touch as it does gat, without the value. */
OPTIONAL(flush, 4, {"expiry", 0, 4});

static const struct extras_layout *const stock_request[256] = {
    [0x08] = &flush,
    [0x18] = &flush,
    [0x23] = &expiry,
    [0x24] = &expiry,
};

static const struct extras_layout *const stock_response[256] = {
    [0x1c] = &flags,
    [0x23] = &flags,
    [0x24] = &flags,
};

/* kv_engine alone. Where it takes several forms one is here; the others are written `extras=`.
 * Fields whose names the notation has for every frame are renamed: the meta commands' cas,
 * stream_end's status, add_stream's opaque, ewouldblock_ctl's value. */
OPTIONAL(mutated, 16, {"uuid", 0, 8}, {"seqno", 8, 8}); /* with the feature mutation_seqno */
OPTIONAL(get_locked, 4, {"locktime", 0, 4});
FIXED(set_meta, 24, {"flags", 0, 4}, {"expiry", 4, 4}, {"seqno", 8, 8}, {"metacas", 16, 8});
FIXED(del_meta, 24, {"flags", 0, 4}, {"delete_time", 4, 4}, {"seqno", 8, 8}, {"metacas", 16, 8});
OPTIONAL(get_meta, 1, {"version", 0, 1});
FIXED(meta, 20, {"deleted", 0, 4}, {"flags", 4, 4}, {"expiry", 8, 4}, {"seqno", 12, 8});
FIXED(return_meta, 12, {"mutation_type", 0, 4}, {"flags", 4, 4}, {"expiry", 8, 4});
FIXED(subdoc, 3, {"pathlen", 0, 2}, {"path_flags", 2, 1});
FIXED(set_vbucket, 1, {"state", 0, 1});
OPTIONAL(all_seqnos, 4, {"state", 0, 4});
FIXED(seqno_persistence, 8, {"seqno", 0, 8});
OPTIONAL(get_keys, 4, {"count", 0, 4});
OPTIONAL(random_key, 4, {"collection", 0, 4});
FIXED(collection_id, 12, {"manifest", 0, 8}, {"collection", 8, 4});
FIXED(scope_id, 12, {"manifest", 0, 8}, {"scope", 8, 4});
FIXED(set_param, 4, {"param_type", 0, 4});
FIXED(set_config, 16, {"epoch", 0, 8}, {"revision", 8, 8});
FIXED(set_token, 8, {"token", 0, 8});
FIXED(compact_db, 24, {"purge_before_ts", 0, 8}, {"purge_before_seq", 8, 8},
      {"drop_deletes", 16, 1}, {"pad1", 17, 1}, {"db_file_id", 18, 2}, {"pad2", 20, 4});
FIXED(adjust_time, 9, {"offset", 0, 8}, {"time_type", 8, 1});
FIXED(ewouldblock, 12, {"mode", 0, 4}, {"argument", 4, 4}, {"inject_error", 8, 4});

FIXED(dcp_open, 8, {"seqno", 0, 4}, {"flags", 4, 4});
FIXED(dcp_stream_req, 48, {"flags", 0, 4}, {"reserved", 4, 4}, {"start", 8, 8}, {"end", 16, 8},
      {"uuid", 24, 8}, {"snap_start", 32, 8}, {"snap_end", 40, 8});
FIXED(dcp_added, 4, {"stream_opaque", 0, 4});
FIXED(dcp_stream_end, 4, {"reason", 0, 4});
FIXED(dcp_snapshot, 20, {"start", 0, 8}, {"end", 8, 8}, {"flags", 16, 4});
FIXED(dcp_mutation, 31, {"by_seqno", 0, 8}, {"rev_seqno", 8, 8}, {"flags", 16, 4},
      {"expiry", 20, 4}, {"locktime", 24, 4}, {"nmeta", 28, 2}, {"nru", 30, 1});
FIXED(dcp_expiration, 20, {"by_seqno", 0, 8}, {"rev_seqno", 8, 8}, {"delete_time", 16, 4});
FIXED(dcp_ack, 4, {"bytes", 0, 4});
FIXED(dcp_event, 13, {"by_seqno", 0, 8}, {"event", 8, 4}, {"version", 12, 1});
FIXED(dcp_prepare, 31, {"by_seqno", 0, 8}, {"rev_seqno", 8, 8}, {"flags", 16, 4}, {"expiry", 20, 4},
      {"locktime", 24, 4}, {"nru", 28, 1}, {"deleted", 29, 1}, {"level", 30, 1});
FIXED(dcp_seqno_ack, 8, {"prepared_seqno", 0, 8});
FIXED(dcp_commit, 16, {"prepared_seqno", 0, 8}, {"commit_seqno", 8, 8});
FIXED(dcp_abort, 16, {"prepared_seqno", 0, 8}, {"abort_seqno", 8, 8});
FIXED(dcp_advanced, 8, {"by_seqno", 0, 8});

static const struct extras_layout *const couchbase_request[256] = {
    [0x3d] = &set_vbucket,  [0x48] = &all_seqnos,     [0x50] = &dcp_open,
    [0x51] = &flags,        [0x53] = &dcp_stream_req, [0x55] = &dcp_stream_end,
    [0x56] = &dcp_snapshot, [0x57] = &dcp_mutation,   [0x59] = &dcp_expiration,
    [0x5b] = &set_vbucket,  [0x5d] = &dcp_ack,        [0x5f] = &dcp_event,
    [0x60] = &dcp_prepare,  [0x61] = &dcp_seqno_ack,  [0x62] = &dcp_commit,
    [0x63] = &dcp_abort,    [0x64] = &dcp_advanced,   [0x65] = &flags,
    [0x82] = &set_param,    [0x94] = &get_locked,     [0xa0] = &get_meta,
    [0xa1] = &get_meta,     [0xa2] = &set_meta,       [0xa3] = &set_meta,
    [0xa4] = &set_meta,     [0xa5] = &set_meta,       [0xa8] = &del_meta,
    [0xa9] = &del_meta,     [0xb2] = &return_meta,    [0xb3] = &compact_db,
    [0xb4] = &set_config,   [0xb6] = &random_key,     [0xb7] = &seqno_persistence,
    [0xb8] = &get_keys,     [0xc5] = &subdoc,         [0xc6] = &subdoc,
    [0xc7] = &subdoc,       [0xc8] = &subdoc,         [0xc9] = &subdoc,
    [0xca] = &subdoc,       [0xcb] = &subdoc,         [0xcc] = &subdoc,
    [0xcd] = &subdoc,       [0xce] = &subdoc,         [0xcf] = &subdoc,
    [0xd2] = &subdoc,       [0xf4] = &set_token,      [0xfc] = &adjust_time,
    [0xfd] = &ewouldblock,
};

static const struct extras_layout *const couchbase_response[256] = {
    [0x01] = &mutated,   [0x02] = &mutated, [0x03] = &mutated,       [0x04] = &mutated,
    [0x05] = &mutated,   [0x06] = &mutated, [0x0e] = &mutated,       [0x0f] = &mutated,
    [0x51] = &dcp_added, [0x83] = &flags,   [0x94] = &flags,         [0xa0] = &meta,
    [0xa1] = &meta,      [0xa2] = &mutated, [0xa4] = &mutated,       [0xa8] = &mutated,
    [0xb2] = &mutated,   [0xb6] = &flags,   [0xbb] = &collection_id, [0xbc] = &scope_id,
    [0xc7] = &mutated,   [0xc8] = &mutated, [0xc9] = &mutated,       [0xca] = &mutated,
    [0xcb] = &mutated,   [0xcc] = &mutated, [0xcd] = &mutated,       [0xce] = &mutated,
    [0xcf] = &mutated,   [0xd1] = &mutated,
};

const struct extras_layout *extras_layout(enum dialect dialect, bool server, bool response,
                                          uint8_t opcode) {
  if (server)
    return &none;
  const struct extras_layout *shared = (response ? shared_response : shared_request)[opcode];
  if (shared)
    return shared;
  const struct extras_layout *own =
      dialect == DIALECT_STOCK ? (response ? stock_response : stock_request)[opcode]
                               : (response ? couchbase_response : couchbase_request)[opcode];
  return own ? own : &none;
}

const struct extras_field *extras_field_find(const struct extras_layout *layout, struct span name) {
  for (size_t i = 0; i < layout->nfields; i++)
    if (span_is(name, layout->fields[i].name))
      return &layout->fields[i];
  return NULL;
}
