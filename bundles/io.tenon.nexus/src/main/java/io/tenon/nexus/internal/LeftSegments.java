package io.tenon.nexus.internal;

import io.tenon.nexus.internal.Fields.Unreadable;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Sets of segments between two versions of a nexus, which may divide it into segments of other sizes.
 *
 * @param blockCount of the nexus
 */
record LeftSegments(long blockCount) {
  private static final long LARGEST = 1L << 40;

  static Map<String, Object> values(SegmentMap map) {
    var values = new LinkedHashMap<String, Object>();
    values.put("segmentBlocks", map.segmentBlocks());
    values.put("words", map.words());
    return values;
  }

  Optional<SegmentMap> find(Fields all, String name) throws Unreadable {
    var found = all.findFields(name);
    return found.isEmpty() ? Optional.empty() : Optional.of(map(found.get()));
  }

  private SegmentMap map(Fields fields) throws Unreadable {
    long segment = fields.number("segmentBlocks", 1, LARGEST);
    fields.mustBe(Long.bitCount(segment) == 1, "segments of " + segment + " blocks");
    long[] words = fields.get("words", long[].class);
    long segments = (blockCount - 1) / segment + 1;
    fields.mustBe(
        words.length == 0 || words.length == (segments + Long.SIZE - 1) / Long.SIZE,
        words.length + " words for " + segments + " segments");
    var map = SegmentMap.ofSegments(segment, blockCount);
    for (int word = 0; word < words.length; word++) {
      for (long left = words[word]; left != 0; left &= left - 1) {
        long number = (long) word * Long.SIZE + Long.numberOfTrailingZeros(left);
        fields.mustBe(number < segments, "segment " + number + " of " + segments);
        map.add(number * segment, Math.min(segment, blockCount - number * segment));
      }
    }
    return map;
  }
}
