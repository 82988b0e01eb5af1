/** Block devices that keep nothing. */
@NullMarked
package io.tenon.backend.nil.internal;

import org.jspecify.annotations.NullMarked;
