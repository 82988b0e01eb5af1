/** A blobstore from the inside. The bytes on the disk are in {@link io.tenon.blobstore.internal.layout}. */
@NullMarked
package io.tenon.blobstore.internal;

import org.jspecify.annotations.NullMarked;
