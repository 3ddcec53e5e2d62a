import type { Grammar } from '../languages.ts';

/**
 * What is read of a syntax tree, for each grammar. Types of nodes, apart by blanks; `conditions` and `operators` are queries:
 * `function`: counts on its own. `class`: a type with members of its own. `decision`: one more path (McCabe). `nest`: a block
 * within a block. `chained`: an `if` that is the `else` of another, which is no deeper than it.
 */
type Reading = {
  readonly functions: string;
  readonly classes: string;
  readonly decisions: string;
  readonly nests: string;
  readonly operators: string;
  readonly chained: string;
};

const C_OPERATORS = '(binary_expression operator: ["&&" "||"]) @decision';
const ELSE_CLAUSE = '(else_clause (if_statement) @chained)';
const ALTERNATIVE = '(if_statement alternative: (if_statement) @chained)';

const ECMASCRIPT = {
  functions:
    'function_declaration function_expression arrow_function method_definition generator_function_declaration generator_function',
  decisions:
    'if_statement for_statement for_in_statement while_statement do_statement switch_case catch_clause ternary_expression',
  nests: 'if_statement for_statement for_in_statement while_statement do_statement switch_statement catch_clause',
  operators: '(binary_expression operator: ["&&" "||" "??"]) @decision',
  chained: ELSE_CLAUSE,
};
const TYPESCRIPT: Reading = { ...ECMASCRIPT, classes: 'class_declaration class abstract_class_declaration' };

const READINGS: Readonly<Record<Grammar, Reading>> = {
  typescript: TYPESCRIPT,
  tsx: TYPESCRIPT,
  javascript: { ...ECMASCRIPT, classes: 'class_declaration class' },
  python: {
    functions: 'function_definition',
    classes: 'class_definition',
    decisions:
      'if_statement elif_clause for_statement while_statement except_clause conditional_expression boolean_operator case_clause for_in_clause if_clause',
    nests: 'if_statement for_statement while_statement except_clause match_statement',
    operators: '',
    chained: '',
  },
  java: {
    functions: 'method_declaration constructor_declaration compact_constructor_declaration lambda_expression',
    classes: 'class_declaration interface_declaration enum_declaration record_declaration',
    decisions:
      'if_statement for_statement enhanced_for_statement while_statement do_statement catch_clause ternary_expression',
    nests:
      'if_statement for_statement enhanced_for_statement while_statement do_statement switch_expression catch_clause',
    operators: `${C_OPERATORS} (switch_label (_)) @decision`,
    chained: ALTERNATIVE,
  },
  go: {
    functions: 'function_declaration method_declaration func_literal',
    classes: '',
    decisions: 'if_statement for_statement expression_case type_case communication_case',
    nests: 'if_statement for_statement expression_switch_statement type_switch_statement select_statement',
    operators: `${C_OPERATORS} (type_spec type: [(struct_type) (interface_type)]) @class`,
    chained: ALTERNATIVE,
  },
  rust: {
    functions: 'function_item closure_expression',
    classes: 'struct_item enum_item trait_item',
    decisions: 'if_expression for_expression while_expression match_arm',
    nests: 'if_expression for_expression while_expression loop_expression match_expression',
    operators: C_OPERATORS,
    chained: '(else_clause (if_expression) @chained)',
  },
  ruby: {
    functions: 'method singleton_method',
    classes: 'class module',
    decisions:
      'if unless elsif while until for when rescue conditional if_modifier unless_modifier while_modifier until_modifier in_clause',
    nests: 'if unless while until for case case_match rescue do_block',
    operators: '(binary operator: ["&&" "||" "and" "or"]) @decision',
    chained: '',
  },
  php: {
    functions: 'function_definition method_declaration anonymous_function arrow_function',
    classes: 'class_declaration interface_declaration trait_declaration enum_declaration',
    decisions:
      'if_statement else_if_clause for_statement foreach_statement while_statement do_statement case_statement catch_clause conditional_expression match_conditional_expression',
    nests:
      'if_statement for_statement foreach_statement while_statement do_statement switch_statement match_expression catch_clause',
    operators: '(binary_expression operator: ["&&" "||" "and" "or" "??"]) @decision',
    chained: ELSE_CLAUSE,
  },
  'c-sharp': {
    functions:
      'method_declaration constructor_declaration local_function_statement lambda_expression anonymous_method_expression operator_declaration',
    classes: 'class_declaration struct_declaration interface_declaration record_declaration enum_declaration',
    decisions:
      'if_statement for_statement foreach_statement while_statement do_statement switch_expression_arm catch_clause conditional_expression',
    nests:
      'if_statement for_statement foreach_statement while_statement do_statement switch_statement switch_expression catch_clause',
    operators: '(binary_expression operator: ["&&" "||" "??"]) @decision (switch_section "case") @decision',
    chained: ALTERNATIVE,
  },
  cpp: {
    functions: 'function_definition lambda_expression',
    classes: '',
    decisions:
      'if_statement for_statement for_range_loop while_statement do_statement catch_clause conditional_expression',
    nests: 'if_statement for_statement for_range_loop while_statement do_statement switch_statement catch_clause',
    operators: `${C_OPERATORS} (case_statement value: (_)) @decision (class_specifier body: (_)) @class (struct_specifier body: (_)) @class`,
    chained: ELSE_CLAUSE,
  },
};

/** The query that reads what is counted of a grammar's trees. */
export function queryOf(grammar: Grammar): string {
  const { functions, classes, decisions, nests, operators, chained } = READINGS[grammar];
  return [
    capture(functions, 'function'),
    capture(classes, 'class'),
    capture(decisions, 'decision'),
    capture(nests, 'nest'),
    operators,
    chained,
  ].join('\n');
}

function capture(types: string, name: string): string {
  if (types === '') return '';
  return `[${types
    .split(' ')
    .map((type) => `(${type})`)
    .join(' ')}] @${name}`;
}
