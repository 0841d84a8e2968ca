/* What the explainer says, word for word, in the situations that a failing case can be in. */
#include "session/explain.h"

#include "session/session.h"
#include "unit.h"

enum { CAP = 1 << 22 };

struct situation {
  const char *name;
  const char *expected; /* the line; empty where nothing is expected */
  const char *actual;   /* lines of notation for what came; empty for nothing */
  size_t cut;           /* bytes of it that came; 0: all */
  const char *brief;
  const char *full;
};

static const struct situation situations[] = {
    {"another status and body", "c1 <  get   status=key_enoent value=\"Not found\" opaque=0x1",
     "get flags=0 value=\"stale\" opaque=0x1", 0,
     "status: want 0x0001 key_enoent, got 0x0000 success",
     "expected  c1 < get status=key_enoent value=\"Not found\" opaque=0x1\n"
     "actual    c1 < get flags=0 value=\"stale\" opaque=0x1\n"
     "          status (bytes 6-7, stream 30-31): want 0x0001 key_enoent, got 0x0000 success\n"
     "          also: extlen, extras, value\n"
     "want  81 00 00 00>00<00 00>01<00 00 00 09 00 00 00 01\n"
     "got   81 00 00 00>04<00 00>00<00 00 00 09 00 00 00 01\n"
     "want  00 00 00 00 00 00 00 00>4e 6f 74 20 66 6f 75 6e<  bytes 16-31\n"
     "got   00 00 00 00 00 00 00 00>00 00 00 00 73 74 61 6c<\n"
     "want >64<  byte 32\n"
     "got  >65<\n"},
    {"another opaque", "c1 < noop opaque=0x2", "noop opaque=0x3", 0, "opaque: want 0x2, got 0x3",
     "expected  c1 < noop opaque=0x2\n"
     "actual    c1 < noop opaque=0x3\n"
     "          opaque (bytes 12-15, stream 36-39): want 0x2, got 0x3\n"
     "want  81 0a 00 00 00 00 00 00 00 00 00 00 00 00 00>02<\n"
     "got   81 0a 00 00 00 00 00 00 00 00 00 00 00 00 00>03<\n"},
    {"the wrong answer", "c1 < get flags=5 value=\"v\" opaque=0x2", "noop opaque=0x3", 0,
     "opcode: want 0x00 get, got 0x0a noop",
     "expected  c1 < get flags=5 value=\"v\" opaque=0x2\n"
     "actual    c1 < noop opaque=0x3\n"
     "          opcode (byte 1, stream 25): want 0x00 get, got 0x0a noop\n"
     "          also: extlen, bodylen, opaque, extras, value\n"
     "want  81>00<00 00>04<00 00 00 00 00 00>05<00 00 00>02<\n"
     "got   81>0a<00 00>00<00 00 00 00 00 00>00<00 00 00>03<\n"
     "want  00 00 00 00 00 00 00 00>00 00 00 05 76<  bytes 16-28\n"
     "got   00 00 00 00 00 00 00 00>-- -- -- -- --<\n"},
    {"one named extra", "c1 < get flags=5 value=\"v\"", "get flags=65536 value=\"v\"", 0,
     "flags: want 5, got 0x10000",
     "expected  c1 < get flags=5 value=\"v\"\n"
     "actual    c1 < get flags=0x10000 value=\"v\"\n"
     "          flags (bytes 24-27, stream 48-51): want 5, got 0x10000\n"
     "want  00 00 00 00 00 00 00 00 00>00<00>05<76  bytes 16-28\n"
     "got   00 00 00 00 00 00 00 00 00>01<00>00<76\n"},
    {"a byte deep in a long value", "c1 < get value=repeat(1000, \"ab\") \"tail\"",
     "get value=repeat(1000, \"ab\") \"tall\"", 0,
     "value at 2002: want ..\"abtail\", got ..\"abtall\"",
     "expected  c1 < get value=repeat(1000, \"ab\") \"tail\"\n"
     "actual    c1 < get flags=0 value=\"abababababababababababababababababababab\" .. (1944 "
     "bytes) .. \"ababababababababtall\"\n"
     "          value at 2002 (byte 2030, stream 2054): want ..\"abtail\", got ..\"abtall\"\n"
     "want  61 62 61 62 61 62 61 62 61 62 61 62 74 61>69<6c  bytes 2016-2031\n"
     "got   61 62 61 62 61 62 61 62 61 62 61 62 74 61>6c<6c\n"},
    {"a value too short", "c1 < version value=\"1.6.18\"", "version value=\"1.6\"", 0,
     "value at 3: want \"1.6.18\", got \"1.6\"; want 6 bytes, got 3",
     "expected  c1 < version value=\"1.6.18\"\n"
     "actual    c1 < version value=\"1.6\"\n"
     "          value at 3 (byte 27, stream 51): want \"1.6.18\", got \"1.6\"; want 6 bytes, got "
     "3\n"
     "          also: bodylen\n"
     "want  81 0b 00 00 00 00 00 00 00 00 00>06<00 00 00 00\n"
     "got   81 0b 00 00 00 00 00 00 00 00 00>03<00 00 00 00\n"
     "want  00 00 00 00 00 00 00 00 31 2e 36>2e 31 38<  bytes 16-29\n"
     "got   00 00 00 00 00 00 00 00 31 2e 36>-- -- --<\n"},
    {"a value that should not be there", "c1 < noop", "noop value=hex(00 01 02 03)", 0,
     "value at 0: want nothing, got hex(00 01 02 03); want 0 bytes, got 4",
     "expected  c1 < noop\n"
     "actual    c1 < noop value=hex(00 01 02 03)\n"
     "          value at 0 (byte 24, stream 48): want nothing, got hex(00 01 02 03); want 0 bytes, "
     "got 4\n"
     "          also: bodylen\n"
     "want  81 0a 00 00 00 00 00 00 00 00 00>00<00 00 00 00\n"
     "got   81 0a 00 00 00 00 00 00 00 00 00>04<00 00 00 00\n"
     "want  00 00 00 00 00 00 00 00>-- -- -- --<  bytes 16-27\n"
     "got   00 00 00 00 00 00 00 00>00 01 02 03<\n"},
    {"another key", "c1 < getk key=\"{ns}k\" value=\"v\"", "getk key=\"0002k\" value=\"v\"", 0,
     "key at 3: want \"0001k\", got \"0002k\"",
     "expected  c1 < getk key=\"{ns}k\" value=\"v\"\n"
     "actual    c1 < getk flags=0 key=\"0002k\" value=\"v\"\n"
     "          key at 3 (byte 31, stream 55): want \"0001k\", got \"0002k\"\n"
     "want  00 00 00 00 00 00 00 00 00 00 00 00 30 30 30>31<  bytes 16-31\n"
     "got   00 00 00 00 00 00 00 00 00 00 00 00 30 30 30>32<\n"},
    {"a hole before the difference", "c1 < version value=\"1.\" *{1..} \".18 x\"",
     "version value=\"1.6666.19 x\"", 0, "value at 8: want ..*{2} \".18 x\", got ..\"66.19 x\"",
     "expected  c1 < version value=\"1.\" *{1..} \".18 x\"\n"
     "actual    c1 < version value=\"1.6666.19 x\"\n"
     "          value at 8 (byte 32, stream 56): want ..*{2} \".18 x\", got ..\"66.19 x\"\n"
     "want  31 2e .. .. .. .. 2e 31>38<20 78  bytes 24-34\n"
     "got   31 2e 36 36 36 36 2e 31>39<20 78\n"},
    {"a hole of fixed length", "c1 < version value=\"ab\" *{3} \"cd\"", "version value=\"ab123ce\"",
     0, "value at 6: want ..*{3} \"cd\", got ..\"123ce\"",
     "expected  c1 < version value=\"ab\" *{3} \"cd\"\n"
     "actual    c1 < version value=\"ab123ce\"\n"
     "          value at 6 (byte 30, stream 54): want ..*{3} \"cd\", got ..\"123ce\"\n"
     "want  00 00 00 00 00 00 00 00 61 62 .. .. .. 63>64<  bytes 16-30\n"
     "got   00 00 00 00 00 00 00 00 61 62 31 32 33 63>65<\n"},
    {"too few bytes in a hole", "c1 < version value=*{4..8}", "version value=\"abc\"", 0,
     "value: want 4 to 8 bytes, got 3",
     "expected  c1 < version value=*{4..8}\n"
     "actual    c1 < version value=\"abc\"\n"
     "          value (bytes 24-26, stream 48-50): want 4 to 8 bytes, got 3\n"
     "          also: bodylen\n"
     "want  81 0b 00 00 00 00 00 00 00 00 00>04<00 00 00 00\n"
     "got   81 0b 00 00 00 00 00 00 00 00 00>03<00 00 00 00\n"
     "want  00 00 00 00 00 00 00 00 .. .. ..>..<  bytes 16-27\n"
     "got   00 00 00 00 00 00 00 00 61 62 63>--<\n"},
    {"no bytes in a hole", "c1 < version value=*{1..}", "version", 0,
     "value: want 1 or more bytes, got 0",
     "expected  c1 < version value=*{1..}\n"
     "actual    c1 < version\n"
     "          value (byte 24, stream 48): want 1 or more bytes, got 0\n"
     "          also: bodylen\n"
     "want  81 0b 00 00 00 00 00 00 00 00 00>01<00 00 00 00\n"
     "got   81 0b 00 00 00 00 00 00 00 00 00>00<00 00 00 00\n"
     "want  00 00 00 00 00 00 00 00>..<  bytes 16-24\n"
     "got   00 00 00 00 00 00 00 00>--<\n"},
    {"a capture that must not be zero", "c1 < set cas=?a:nonzero", "set", 0,
     "cas: want anything but zero, got zero",
     "expected  c1 < set cas=?a:nonzero\n"
     "actual    c1 < set\n"
     "          cas (bytes 16-23, stream 40-47): want anything but zero, got zero\n"},
    {"a kept value that must not be zero", "c1 < version value=*{0..} ?a:nonzero{2}",
     "version value=\"x\" hex(00 00)", 0, "value: want anything but zero, got zero",
     "expected  c1 < version value=*{0..} ?a:nonzero{2}\n"
     "actual    c1 < version value=hex(78 00 00)\n"
     "          value (bytes 25-26, stream 49-50): want anything but zero, got zero\n"},
    {"extras of another size", "c1 < get flags=5", "get extras=hex(00 05)", 0,
     "extras at 1: want hex(00 00 00 05), got hex(00 05); want 4 bytes, got 2",
     "expected  c1 < get flags=5\n"
     "actual    c1 < get extras=hex(00 05)\n"
     "          extras at 1 (byte 25, stream 49): want hex(00 00 00 05), got hex(00 05); want 4 "
     "bytes, got 2\n"
     "          also: extlen, bodylen\n"
     "want  81 00 00 00>04<00 00 00 00 00 00>04<00 00 00 00\n"
     "got   81 00 00 00>02<00 00 00 00 00 00>02<00 00 00 00\n"
     "want  00 00 00 00 00 00 00 00 00>00 00 05<  bytes 16-27\n"
     "got   00 00 00 00 00 00 00 00 00>05 -- --<\n"},
    {"framing extras nobody expected", "c1 < noop", "noop frame.server_duration=hex(00 01)", 0,
     "magic: want 0x81, got 0x18",
     "expected  c1 < noop\n"
     "actual    c1 < noop frame.server_duration=hex(00 01)\n"
     "          magic (byte 0, stream 24): want 0x81, got 0x18\n"
     "          also: bodylen, framing\n"
     "want >81<0a>00<00 00 00 00 00 00 00 00>00<00 00 00 00\n"
     "got  >18<0a>03<00 00 00 00 00 00 00 00>03<00 00 00 00\n"
     "want  00 00 00 00 00 00 00 00>-- -- --<  bytes 16-26\n"
     "got   00 00 00 00 00 00 00 00>02 00 01<\n"},
    {"another framing extra", "c1 < noop frame.server_duration=hex(00 01)",
     "noop frame.server_duration=hex(00 02)", 0,
     "framing at 2: want hex(02 00 01), got hex(02 00 02)",
     "expected  c1 < noop frame.server_duration=hex(00 01)\n"
     "actual    c1 < noop frame.server_duration=hex(00 02)\n"
     "          framing at 2 (byte 26, stream 50): want hex(02 00 01), got hex(02 00 02)\n"
     "want  00 00 00 00 00 00 00 00 02 00>01<  bytes 16-26\n"
     "got   00 00 00 00 00 00 00 00 02 00>02<\n"},
    {"a magic of the other kind", "c1 < noop", "noop magic=0x80", 0, "magic: want 0x81, got 0x80",
     "expected  c1 < noop\n"
     "actual    c1 < noop magic=0x80\n"
     "          magic (byte 0, stream 24): want 0x81, got 0x80\n"
     "want >81<0a 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n"
     "got  >80<0a 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n"},
    {"a data type", "c1 < noop", "noop datatype=1", 0, "datatype: want 0x00, got 0x01",
     "expected  c1 < noop\n"
     "actual    c1 < noop datatype=0x01\n"
     "          datatype (byte 5, stream 29): want 0x00, got 0x01\n"
     "want  81 0a 00 00 00>00<00 00 00 00 00 00 00 00 00 00\n"
     "got   81 0a 00 00 00>01<00 00 00 00 00 00 00 00 00 00\n"},
    {"nothing came", "c1 < noop opaque=0x1", "", 0, "nothing came",
     "expected  c1 < noop opaque=0x1\n"
     "actual    nothing\n"},
    {"a part of a header", "c1 < noop opaque=0x1", "noop opaque=0x1", 12,
     "12 of 24 header bytes came",
     "expected  c1 < noop opaque=0x1\n"
     "actual    c1 < raw hex(81 0a 00 00 00 00 00 00 00 00 00 00) (12 of 24 header bytes)\n"},
    {"a part of a header that differs", "c1 < noop opaque=0x1", "noop opaque=0x01000000", 13,
     "opaque at 0: want hex(00 00 00 01), got hex(01)",
     "expected  c1 < noop opaque=0x1\n"
     "actual    c1 < raw hex(81 0a 00 00 00 00 00 00 00 00 00 00 01) (13 of 24 header bytes)\n"
     "          opaque at 0 (byte 12, stream 36): want hex(00 00 00 01), got hex(01)\n"
     "want  81 0a 00 00 00 00 00 00 00 00 00 00>00<00 00 01\n"
     "got   81 0a 00 00 00 00 00 00 00 00 00 00>01<-- -- --\n"},
    {"a part of a body", "c1 < version value=\"1.6.18\"", "version value=\"1.6.18\"", 27,
     "27 of 30 bytes came",
     "expected  c1 < version value=\"1.6.18\"\n"
     "actual    c1 < version value=\"1.6\" (27 of 30 bytes)\n"},
    {"a part of a body that differs", "c1 < version value=\"1.6.18\"", "version value=\"2.6.18\"",
     27, "value at 0: want \"1.6.18\", got \"2.6\"",
     "expected  c1 < version value=\"1.6.18\"\n"
     "actual    c1 < version value=\"2.6\" (27 of 30 bytes)\n"
     "          value at 0 (byte 24, stream 48): want \"1.6.18\", got \"2.6\"\n"
     "want  00 00 00 00 00 00 00 00>31<2e 36 2e 31 38  bytes 16-29\n"
     "got   00 00 00 00 00 00 00 00>32<2e 36 -- -- --\n"},
    {"bytes that are no frame", "c1 < noop", "raw \"ERROR something went wrong here\\r\\n\"", 0,
     "magic: want 0x81, got 0x45",
     "expected  c1 < noop\n"
     "actual    c1 < raw \"ERROR something went wrong here\\r\\n\"\n"
     "          magic (byte 0, stream 24): want 0x81, got 0x45\n"
     "          also: opcode, keylen, extlen, datatype, status, bodylen, opaque, cas\n"
     "want >81 0a 00 00 00 00 00 00 00 00 00 00 00 00 00 00<\n"
     "got  >45 52 52 4f 52 20 73 6f 6d 65 74 68 69 6e 67 20<\n"
     "want >00 00 00 00 00 00 00 00 -- -- -- -- -- -- -- --<  bytes 16-31\n"
     "got  >77 65 6e 74 20 77 72 6f 6e 67 20 68 65 72 65 0d<\n"
     "want >--<  byte 32\n"
     "got  >0a<\n"},
    {"a lost byte", "c1 < version value=\"abcdef\"",
     "raw hex(81 0b 00 00 00 00 00 00 00 00 00 06 00 00 00 00 00 00 00 00 00 00 00 00) \"abcef\"\n"
     "noop",
     0, "value at 3: want \"abcdef\", got \"abcef\\x81\"",
     "expected  c1 < version value=\"abcdef\"\n"
     "actual    c1 < version value=\"abcef\\x81\"\n"
     "          value at 3 (byte 27, stream 51): want \"abcdef\", got \"abcef\\x81\"\n"
     "want  00 00 00 00 00 00 00 00 61 62 63>64 65 66<  bytes 16-29\n"
     "got   00 00 00 00 00 00 00 00 61 62 63>65 66 81<\n"},
    {"lengths that contradict each other", "c1 < noop", "noop keylen=9", 0, "keylen: want 0, got 9",
     "expected  c1 < noop\n"
     "actual    c1 < raw \"\\x81\\n\\x00\\t\" hex(00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
     "00 00 00 00)\n"
     "          keylen (bytes 2-3, stream 26-27): want 0, got 9\n"
     "want  81 0a 00>00<00 00 00 00 00 00 00 00 00 00 00 00\n"
     "got   81 0a 00>09<00 00 00 00 00 00 00 00 00 00 00 00\n"},
    {"raw bytes", "c1 < raw \"hello world\"", "raw \"hello_world and more\"", 0,
     "raw at 5: want ..\"ello world\", got ..\"ello_world\"",
     "expected  c1 < raw \"hello world\"\n"
     "actual    c1 < raw \"hello_world\"\n"
     "          raw at 5 (byte 5, stream 29): want ..\"ello world\", got ..\"ello_world\"\n"
     "want  68 65 6c 6c 6f>20<77 6f 72 6c 64\n"
     "got   68 65 6c 6c 6f>5f<77 6f 72 6c 64\n"},
    {"raw bytes that are not all there", "c1 < raw \"hello world\"", "raw \"hello\"", 0,
     "5 of 11 bytes came",
     "expected  c1 < raw \"hello world\"\n"
     "actual    c1 < raw \"hello\" (5 of 11 bytes)\n"},
    {"a frame where raw bytes are expected", "c1 < raw \"hello\"", "noop", 0,
     "raw at 0: want \"hello\", got hex(81 0a 00 00 00)",
     "expected  c1 < raw \"hello\"\n"
     "actual    c1 < noop\n"
     "          raw at 0 (byte 0, stream 24): want \"hello\", got hex(81 0a 00 00 00)\n"
     "want >68 65 6c 6c 6f<\n"
     "got  >81 0a 00 00 00<\n"},
    {"lengths that lie, as expected", "c1 < noop bodylen=5 value=\"abc\"",
     "raw hex(81 0a 00 00 00 00 00 00 00 00 00 05 00 00 00 00 00 00 00 00 00 00 00 00) \"abd\"", 0,
     "body at 2: want \"abc\", got \"abd\"",
     "expected  c1 < noop bodylen=5 value=\"abc\"\n"
     "actual    c1 < noop value=\"abd\" (27 of 29 bytes)\n"
     "          body at 2 (byte 26, stream 50): want \"abc\", got \"abd\"\n"
     "want  00 00 00 00 00 00 00 00 61 62>63<  bytes 16-26\n"
     "got   00 00 00 00 00 00 00 00 61 62>64<\n"},
    {"an answer where the connection should have closed", "c1 < closed", "noop opaque=0x1", 0,
     "c1 < closed was expected, got noop opaque=0x1",
     "expected  c1 < closed\n"
     "actual    c1 < noop opaque=0x1\n"},
    {"an open connection", "c1 < closed", "", 0, "c1 < closed was expected, nothing came",
     "expected  c1 < closed\n"
     "actual    nothing\n"},
    {"more than was expected", "",
     "noop opaque=0x1\n"
     "noop opaque=0x2\n"
     "noop\n"
     "noop\n"
     "noop\n"
     "noop\n"
     "raw hex(81 00)",
     0, "146 bytes more than expected: noop opaque=0x1",
     "expected  nothing more on c1\n"
     "actual    c1 < noop opaque=0x1\n"
     "          c1 < noop opaque=0x2\n"
     "          c1 < noop\n"
     "          c1 < noop\n"
     "          c1 < noop\n"
     "          .. and 26 further bytes\n"},
    {"the start of more than was expected", "", "noop opaque=0x1", 7,
     "7 bytes more than expected: raw hex(81 0a 00 00 00 00 00) (7 of 24 header bytes)",
     "expected  nothing more on c1\n"
     "actual    c1 < raw hex(81 0a 00 00 00 00 00) (7 of 24 header bytes)\n"},
};

/* Compiles lines of notation into one stream. */
static void put_frames(struct buf *out, const char *lines) {
  struct diag diag;
  diag_init(&diag);
  while (*lines) {
    size_t n = strcspn(lines, "\n");
    struct span line = span_of(lines, n);
    if (!session_compile_line(line, DIALECT_STOCK, false, "actual", out, &diag))
      ck_abort_msg("%s", diag_text(&diag));
    lines += n + (lines[n] == '\n');
  }
  diag_fini(&diag);
}

static struct session *compile(const char *line) {
  struct buf text;
  struct diag diag;
  buf_init(&text, CAP);
  diag_init(&diag);
  buf_addf(&text, "case a line to explain\nspec get\nc1 > get key=\"k\"\n%s\n", line);
  struct session *s =
      session_compile(buf_span(&text), "explain", (struct session_loader){0}, &diag);
  if (!s)
    ck_abort_msg("%s", diag_text(&diag));
  buf_fini(&text);
  diag_fini(&diag);
  return s;
}

START_TEST(situations_are_told) {
  const struct situation *x = &situations[_i];
  struct session *s = compile(*x->expected ? x->expected : "c1 < closed");
  struct buf actual, brief, full;
  buf_init(&actual, CAP);
  buf_init(&brief, CAP);
  buf_init(&full, CAP);
  put_frames(&actual, x->actual);
  const struct step *step = &s->steps[s->nsteps - 1];
  uint8_t vars[64] = {0};
  struct bindings env = {
      .ns = "0001", .vars = vars, .var_off = s->var_off, .var_size = s->var_size};
  uint64_t counters[SESSION_LOOPS] = {0};
  struct explain_input in = {
      .text = *x->expected ? step->text : span_str(""),
      .pattern = step->pattern,
      .env = &env,
      .counters = counters,
      .actual = span_sub(buf_span(&actual), 0, x->cut ? x->cut : SIZE_MAX),
      .stream_off = 24,
      .conn = 1,
      .dialect = DIALECT_STOCK,
  };
  explain_brief(&brief, &in);
  explain_difference(&full, &in);
  ck_assert_msg(strcmp(buf_cstr(&brief), x->brief) == 0, "%s:\n%s", x->name, buf_cstr(&brief));
  ck_assert_msg(strcmp(buf_cstr(&full), x->full) == 0, "%s:\n%s", x->name, buf_cstr(&full));
  buf_fini(&actual);
  buf_fini(&brief);
  buf_fini(&full);
  session_free(s);
}
END_TEST

/* A value of a megabyte makes no report of a megabyte. */
START_TEST(a_report_is_short) {
  struct session *s = compile("c1 < version value=random(1, 1000000) \"x\"");
  struct buf actual, full;
  buf_init(&actual, CAP);
  buf_init(&full, CAP);
  put_frames(&actual, "version value=random(1, 1000000) \"y\"");
  struct bindings env = {.ns = "0001"};
  uint64_t counters[SESSION_LOOPS] = {0};
  struct explain_input in = {.text = s->steps[1].text,
                             .pattern = s->steps[1].pattern,
                             .env = &env,
                             .counters = counters,
                             .actual = buf_span(&actual),
                             .conn = 1};
  explain_difference(&full, &in);
  ck_assert_uint_lt(full.n, 1200);
  ck_assert_ptr_nonnull(strstr(buf_cstr(&full), "value at 1000000 (byte 1000024, stream 1000024)"));
  buf_fini(&actual);
  buf_fini(&full);
  session_free(s);
}
END_TEST

START_TEST(a_hex_dump_is_bounded) {
  struct buf out;
  buf_init(&out, CAP);
  explain_hex(&out, span_str("0123456789abcdef0123456789abcdef\n"), 0x20, 2);
  ck_assert_str_eq(
      buf_cstr(&out),
      "00000020  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|\n"
      "00000030  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|\n");
  buf_reset(&out);
  explain_hex(&out, span_str("ab\n"), 0, 5);
  ck_assert_str_eq(buf_cstr(&out),
                   "00000000  61 62 0a                                          |ab.|\n");
  buf_fini(&out);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("explain");
  TCase *t = tcase_create("explain");
  tcase_add_loop_test(t, situations_are_told, 0, sizeof situations / sizeof situations[0]);
  tcase_add_test(t, a_report_is_short);
  tcase_add_test(t, a_hex_dump_is_bounded);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
