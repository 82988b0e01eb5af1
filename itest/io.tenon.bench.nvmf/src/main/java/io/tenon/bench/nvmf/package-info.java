/** Benchmarks of the NVMe/TCP target. */
@NullMarked
package io.tenon.bench.nvmf;

import org.jspecify.annotations.NullMarked;
