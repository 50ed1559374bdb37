import type { ActionProps } from 'adminjs';

export function PanelAction(props: ActionProps) {
  return <p>{props.action.name}</p>;
}
