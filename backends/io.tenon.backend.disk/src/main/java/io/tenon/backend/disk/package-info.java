/**
 * What backends for files and disks have in common: opening with named errors, geometry, discarding and zeroing, and the
 * keeping of a ring for each reactor.
 */
@NullMarked
package io.tenon.backend.disk;

import org.jspecify.annotations.NullMarked;
