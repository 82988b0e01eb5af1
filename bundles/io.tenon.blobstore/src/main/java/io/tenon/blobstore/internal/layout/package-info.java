/**
 * What the bytes on the disk mean. No I/O, no time, no threads: pages in, facts out, and back.
 *
 * <p>"Format" in comments of this package is the description of the pool disk format; its sections are cited by number.
 * All integers are little-endian and unsigned. A page has 4096 bytes whatever the block size of the device.
 */
@NullMarked
package io.tenon.blobstore.internal.layout;

import org.jspecify.annotations.NullMarked;
