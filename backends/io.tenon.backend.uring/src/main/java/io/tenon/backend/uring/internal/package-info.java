/** Files and disks by io_uring. */
@NullMarked
package io.tenon.backend.uring.internal;

import org.jspecify.annotations.NullMarked;
