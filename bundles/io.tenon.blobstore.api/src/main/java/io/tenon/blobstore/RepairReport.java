package io.tenon.blobstore;

import java.util.List;

/**
 * What a repair has done.
 *
 * @param found before it
 * @param left after it
 * @param changedPages pages of 4096 bytes that were written, each of which was kept before; 0 when there was nothing to do
 */
public record RepairReport(List<Finding> found, List<Finding> left, int changedPages) {
  public RepairReport {
    found = List.copyOf(found);
    left = List.copyOf(left);
  }
}
