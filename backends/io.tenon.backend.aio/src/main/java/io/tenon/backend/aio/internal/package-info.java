/** Files and disks by Linux AIO. */
@NullMarked
package io.tenon.backend.aio.internal;

import org.jspecify.annotations.NullMarked;
