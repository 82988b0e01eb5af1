package io.tenon.nexus;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a nexus has on record in the metadata store.
 *
 * @param key of the record
 * @param healthy by uuid of the child: whether the next nexus may trust it; as last written
 * @param cleanShutdown it has ended in order
 * @param problem why nothing can be recorded any more, a sentence; empty when it can
 */
public record RecordInfo(
    String key, Map<String, Boolean> healthy, boolean cleanShutdown, String problem) {
  public RecordInfo {
    healthy = Collections.unmodifiableMap(new LinkedHashMap<>(healthy));
  }
}
