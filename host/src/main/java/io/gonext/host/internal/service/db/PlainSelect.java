package io.gonext.host.internal.service.db;

import java.util.Set;
import org.h2.command.Prepared;
import org.h2.command.query.Select;
import org.h2.expression.Expression;
import org.h2.expression.ExpressionColumn;
import org.h2.expression.Parameter;
import org.h2.expression.ValueExpression;
import org.h2.expression.condition.BetweenPredicate;
import org.h2.expression.condition.Comparison;
import org.h2.expression.condition.ConditionAndOr;
import org.h2.expression.condition.ConditionAndOrN;
import org.h2.expression.condition.ConditionInConstantSet;
import org.h2.expression.condition.ConditionInList;
import org.h2.expression.condition.ConditionNot;
import org.h2.expression.condition.NullPredicate;
import org.h2.mvstore.db.MVTable;
import org.h2.table.TableFilter;
import org.jspecify.annotations.Nullable;

/**
 * Tells the selects of H2 that end soon after they are cut off. H2 looks at its time limit after
 * some rows, and not while it evaluates an expression: a regular expression may take hours, and a
 * sort many seconds. So a plain select reads columns of tables, compares them, and does nothing
 * else. A view may hide anything.
 */
final class PlainSelect {
  private static final Set<Class<?>> PLAIN =
      Set.of(
          BetweenPredicate.class,
          Comparison.class,
          ConditionAndOr.class,
          ConditionAndOrN.class,
          ConditionInConstantSet.class,
          ConditionInList.class,
          ConditionNot.class,
          ExpressionColumn.class,
          NullPredicate.class,
          Parameter.class,
          ValueExpression.class);

  private PlainSelect() {}

  /** Whether a statement is a plain select. */
  static boolean is(Prepared prepared) {
    return prepared instanceof Select select
        && !select.hasOrder()
        && !select.isAnyDistinct()
        && !select.isGroupQuery()
        && !select.isWindowQuery()
        && select.getForUpdate() == null
        && isPlain(select.getOffset())
        && isPlain(select.getFetch())
        && isPlain(select.getCondition())
        && isPlain(select.getQualify())
        && select.getExpressions().stream().allMatch(PlainSelect::isPlain)
        && isPlain(select.getTopTableFilter());
  }

  private static boolean isPlain(@Nullable Expression expression) {
    if (expression == null) {
      return true;
    }
    Expression named = expression.getNonAliasExpression();
    if (!PLAIN.contains(named.getClass())) {
      return false;
    }
    for (int i = 0; i < named.getSubexpressionCount(); i++) {
      if (!isPlain(named.getSubexpression(i))) {
        return false;
      }
    }
    return true;
  }

  private static boolean isPlain(@Nullable TableFilter filter) {
    return filter == null
        || (filter.getTable() instanceof MVTable
            && isPlain(filter.getJoinCondition())
            && isPlain(filter.getNestedJoin())
            && isPlain(filter.getJoin()));
  }
}
