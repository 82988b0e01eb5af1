/** How it is done. */
@NullMarked
package io.tenon.swap.internal;

import org.jspecify.annotations.NullMarked;
