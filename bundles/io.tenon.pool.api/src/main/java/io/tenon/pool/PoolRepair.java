package io.tenon.pool;

import java.nio.file.Path;
import java.util.Optional;

/**
 * What a repair has done.
 *
 * @param after what is found now
 * @param changedPages how many pages were written; 0 when there was nothing to do
 * @param copies where they are as they were before
 */
public record PoolRepair(PoolCheck after, int changedPages, Optional<Path> copies) {}
