/** Threads of a bundle that can be replaced. Not an API: each bundle has a copy of its own. */
@NullMarked
package io.tenon.apart;

import org.jspecify.annotations.NullMarked;
