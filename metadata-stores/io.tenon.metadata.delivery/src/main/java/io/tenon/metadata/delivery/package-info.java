/** How stores tell watchers. Not an API: each store has a copy of its own. */
@NullMarked
package io.tenon.metadata.delivery;

import org.jspecify.annotations.NullMarked;
