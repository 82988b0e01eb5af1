package io.tenon.nexus.internal;

import io.tenon.nexus.internal.Fields.Unreadable;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How far a rebuild is that a successor goes on with. What lies behind the frontier has been copied, or need not be; the child has it as long as it was
 * not away.
 */
record LeftRebuild(
    boolean paused, Instant startedAt, long frontier, long transferred, long skipped) {
  /** Nothing that was copied counts. */
  LeftRebuild anew() {
    return new LeftRebuild(paused, startedAt, 0, 0, 0);
  }

  Map<String, Object> values() {
    var values = new LinkedHashMap<String, Object>();
    values.put("paused", paused);
    values.put("startedAt", startedAt);
    values.put("frontier", frontier);
    values.put("transferred", transferred);
    values.put("skipped", skipped);
    return values;
  }

  static LeftRebuild of(Fields fields, long blockCount) throws Unreadable {
    return new LeftRebuild(
        fields.flag("paused"),
        fields.get("startedAt", Instant.class),
        fields.number("frontier", 0, blockCount),
        fields.number("transferred", 0, Long.MAX_VALUE),
        fields.number("skipped", 0, Long.MAX_VALUE));
  }
}
