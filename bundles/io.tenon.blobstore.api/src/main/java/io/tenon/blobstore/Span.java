package io.tenon.blobstore;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.stream.Collectors;

/** Numbers {@code first} to {@code last}, of clusters or of pages. */
public record Span(long first, long last) {
  private static final int MOST_SHOWN = 8;

  /** The fewest spans that hold these numbers and no others, in their order. */
  public static List<Span> of(BitSet numbers) {
    var spans = new ArrayList<Span>();
    for (int first = numbers.nextSetBit(0); first >= 0; ) {
      int end = numbers.nextClearBit(first);
      spans.add(new Span(first, end - 1L));
      first = numbers.nextSetBit(end);
    }
    return List.copyOf(spans);
  }

  /** How many numbers there are in all. */
  public static long count(List<Span> spans) {
    return spans.stream().mapToLong(span -> span.last - span.first + 1).sum();
  }

  /** For people: long lists are cut, and say so. */
  public static String text(List<Span> spans) {
    String shown =
        spans.stream().limit(MOST_SHOWN).map(Span::toString).collect(Collectors.joining(", "));
    return spans.size() <= MOST_SHOWN
        ? shown
        : "%s and %d more places".formatted(shown, spans.size() - MOST_SHOWN);
  }

  @Override
  public String toString() {
    return first == last ? Long.toString(first) : first + "-" + last;
  }
}
