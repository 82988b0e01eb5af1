/** Files that fail when a test wants it. */
@NullMarked
package io.tenon.faults.backend.internal;

import org.jspecify.annotations.NullMarked;
